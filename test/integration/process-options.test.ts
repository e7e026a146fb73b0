import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { get } from "../support/requests.ts";
import { ROOT, serverEnvironment, startServer } from "../support/server.ts";

const LAUNCHER = join(ROOT, "bin/rickhouse");

const directory = realpathSync(mkdtempSync(join(tmpdir(), "rickhouse-process-")));
after(() => rmSync(directory, { recursive: true }));

mkdirSync(join(directory, "site/more"), { recursive: true });
writeFileSync(join(directory, "site/more/helper.py"), 'NAME = "helper"\n');
writeFileSync(
  join(directory, "site/telling.py"),
  `
import os
import sys

import helper

def make(first, last=""):
    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        mask = os.umask(0o777)
        os.umask(mask)
        seen = [helper.NAME, os.environ.get("COLOUR", ""), f"{mask:03o}", first, last]
        return [" ".join(seen).encode()]
    return app

app = make("plain")
`,
);

function rickhouse(args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(LAUNCHER, args, {
    cwd: join(directory, "site"),
    env: serverEnvironment(),
    encoding: "utf8",
    timeout: 30_000,
    killSignal: "SIGKILL",
  });
  return { status, stdout, stderr };
}

const startWithPidFile = (file: string) =>
  rickhouse(["--pid-file", file, "--pythonpath=more", "--bind=127.0.0.1:0", "telling:app"]);

describe("--env, --pythonpath, --umask, a factory with arguments", () => {
  it("reach the application", async () => {
    await using server = await startServer('./telling:make("a/b:c", last="z")', {
      cwd: join(directory, "site"),
      args: [
        "--env",
        "COLOUR=red",
        "-e",
        "COLOUR=deep blue",
        "--pythonpath",
        "more",
        "--umask=027",
      ],
    });
    assert.equal((await get(server.port, "/")).body.toString(), "helper deep blue 027 a/b:c z");
  });

  it("are also of the file", async () => {
    const file = join(directory, "options.toml");
    writeFileSync(
      file,
      'application = "telling:app"\npythonpath = "more"\numask = "077"\n[env]\nCOLOUR = "green"\n',
    );
    await using server = await startServer(null, {
      cwd: join(directory, "site"),
      args: ["--config", file],
    });
    assert.equal((await get(server.port, "/")).body.toString(), "helper green 077 plain ");
  });

  it("are checked at the start", () => {
    for (const [args, line] of [
      [["--env", "COLOUR"], "--env COLOUR: not a variable; write it like "],
      [["--pythonpath", "none"], "--pythonpath none: no such directory; "],
      [["--umask", "0777"], "--umask 0777: it takes rights from the server itself; "],
      [["--daemon"], "unknown option --daemon; it stays in the foreground: "],
    ] as const) {
      const { status, stderr } = rickhouse([...args, "telling:app"]);
      assert.equal(status, 2);
      assert.ok(stderr.startsWith(`rickhouse: ${line}`) && stderr.endsWith("\n"), stderr);
      assert.equal(stderr.split("\n").length, 2);
    }
  });
});

describe("--pid-file", () => {
  const path = join(directory, "server.pid");

  it("is there while the server listens, and gone afterwards", async () => {
    // What a killed server left: the number of a process that is none of ours.
    writeFileSync(path, "1\n");
    const server = await startServer("plain:app", { args: ["--pid-file", path] });
    assert.equal(readFileSync(path, "utf8"), `${server.pid}\n`);

    const { status, stderr } = startWithPidFile(path);
    assert.equal(status, 2);
    assert.equal(
      stderr,
      `rickhouse: --pid-file ${path}: process ${server.pid} runs and has written it; stop it, or choose another file\n`,
    );
    assert.equal(readFileSync(path, "utf8"), `${server.pid}\n`);

    await server.stop();
    assert.equal(existsSync(path), false);
  });

  it("of another server is left alone at the end", async () => {
    const server = await startServer("plain:app", { args: ["--pid-file", path] });
    writeFileSync(path, "12345678\n");
    await server.stop();
    assert.equal(readFileSync(path, "utf8"), "12345678\n");
    rmSync(path);
  });

  it("that cannot be written is one line", () => {
    const { status, stderr } = startWithPidFile("/proc/none/server.pid");
    assert.equal(status, 2);
    assert.match(
      stderr,
      /^rickhouse: --pid-file \/proc\/none\/server\.pid: cannot be written \(ENOENT\); [^\n]+\n$/,
    );
  });
});
