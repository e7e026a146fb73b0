import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { ROOT } from "../support/server.ts";

const directory = realpathSync(mkdtempSync(join(tmpdir(), "rickhouse-launcher-")));
after(() => rmSync(directory, { recursive: true }));

interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function launch(launcher: string, path?: string, ...args: readonly string[]): Outcome {
  return spawnSync(launcher, args, {
    cwd: directory,
    env: path === undefined ? process.env : { PATH: path },
    encoding: "utf8",
    timeout: 30_000,
  });
}

/** A checkout without npm's packages, in a directory with a space. */
function bareCheckout(name: string): string {
  const root = join(directory, name);
  mkdirSync(join(root, "bin"), { recursive: true });
  for (const file of ["bin/rickhouse", "bin/find-node.sh", "package.json"]) {
    copyFileSync(join(ROOT, file), join(root, file));
  }
  cpSync(join(ROOT, "src"), join(root, "src"), { recursive: true });
  return root;
}

/** A PATH with what the launcher itself needs, and a `node` that says this version and then its arguments. */
function pathWithNode(version: string | undefined): string {
  const tools = mkdtempSync(join(directory, "tools-"));
  for (const tool of ["dirname", "readlink"]) {
    const { stdout } = spawnSync("/bin/sh", ["-c", `command -v ${tool}`], { encoding: "utf8" });
    symlinkSync(stdout.trim(), join(tools, tool));
  }
  if (version === undefined) return tools;
  const node = `#!/bin/sh
if [ "$1" = --version ]; then echo "${version}"; exit; fi
printf '%s\\n' "$RICKHOUSE_INTERNAL_NOFILE" "$@"
`;
  writeFileSync(join(tools, "node"), node);
  chmodSync(join(tools, "node"), 0o755);
  return tools;
}

describe("bin/rickhouse", () => {
  it("works through symbolic links, relative and in a chain, from any directory", () => {
    symlinkSync(join(ROOT, "bin/rickhouse"), join(directory, "first"));
    mkdirSync(join(directory, "deep"));
    symlinkSync("../first", join(directory, "deep/second"));
    const { status, stdout } = launch(join(directory, "deep/second"), undefined, "--version");
    assert.equal(status, 0);
    assert.match(stdout, /^rickhouse \d/);
  });

  it("works in a directory with spaces, by the Node of its own node_modules", () => {
    const root = bareCheckout("my checkout");
    mkdirSync(join(root, "node_modules/.bin"), { recursive: true });
    symlinkSync(process.execPath, join(root, "node_modules/.bin/node"));
    const { status, stdout, stderr } = launch(
      join(root, "bin/rickhouse"),
      pathWithNode(undefined),
      "--version",
    );
    assert.equal(status, 0, stderr);
    assert.match(stdout, /^rickhouse \d/);
  });

  it("says one clear line where there is no Node", () => {
    const root = bareCheckout("without node");
    const { status, stdout, stderr } = launch(
      join(root, "bin/rickhouse"),
      pathWithNode(undefined),
      "app:app",
    );
    assert.deepEqual([status, stdout], [2, ""]);
    const line = `needs Node 22.18 or newer and finds none; run npm ci in ${root}, or put a newer node in PATH`;
    assert.equal(stderr, `rickhouse: ${line}\n`);
  });

  for (const version of ["v20.20.2", "v22.17.1", "v23.6.1", "v9.0.0", "nonsense", "v22.x"]) {
    it(`says one clear line where Node is ${version}`, () => {
      const root = bareCheckout(`old ${version}`);
      const path = pathWithNode(version);
      const { status, stdout, stderr } = launch(join(root, "bin/rickhouse"), path, "app:app");
      assert.deepEqual([status, stdout], [2, ""]);
      const line = `needs Node 22.18 or newer, ${path}/node is ${version}; run npm ci in ${root}, or put a newer node in PATH`;
      assert.equal(stderr, `rickhouse: ${line}\n`);
    });
  }

  for (const version of ["v22.18.0", "v23.7.0", "v24.0.0", "v100.1.2"]) {
    it(`takes Node ${version} from PATH, and hands over every argument and the descriptor limit`, () => {
      const root = bareCheckout(`new ${version}`);
      const args = ["a b:app", "--chdir=*", ""];
      const { status, stdout } = launch(
        join(root, "bin/rickhouse"),
        pathWithNode(version),
        ...args,
      );
      assert.equal(status, 0);
      const [limit, ...handed] = stdout.split("\n");
      assert.match(limit ?? "", /^(?:\d+|unlimited)$/);
      assert.deepEqual(handed.slice(-5), [`${root}/src/main.ts`, ...args, ""]);
      assert.ok(handed.includes("--disable-warning=ExperimentalWarning"));
    });
  }
});
