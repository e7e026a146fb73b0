import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { isAlive } from "../support/processes.ts";
import { ROOT, startServer, waitFor } from "../support/server.ts";

/** Not the checkout: the commands have to work from any directory. */
const elsewhere = realpathSync(mkdtempSync(join(tmpdir(), "rickhouse-commands-")));
after(() => rmSync(elsewhere, { recursive: true }));

/** Starts the server by this command, takes one page of it, and ends it. */
async function pageOf(command: readonly string[], path: string): Promise<string> {
  const [file = "", ...args] = command;
  const child = spawn(join(ROOT, file), [...args, "--bind", "127.0.0.1:0", "--access-log", "off"], {
    cwd: elsewhere,
    env: { ...process.env, TMPDIR: elsewhere },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  try {
    const url = await waitFor(`the banner of ${file}`, () => {
      if (child.exitCode !== null) throw new Error(`ended with ${child.exitCode}: ${errors}`);
      return /serving .* at (http:\/\/\S+)/.exec(errors)?.[1];
    });
    return await (await fetch(`${url}${path}`)).text();
  } finally {
    child.kill("SIGTERM");
    // The command has become the server: its end is the server's graceful end.
    await waitFor("its end", () => child.exitCode !== null || child.signalCode !== null, 35_000);
    assert.equal(child.exitCode, 0, errors);
    assert.ok(child.pid !== undefined && !isAlive(child.pid));
    await waitFor("an empty directory", () => readdirSync(elsewhere).length === 0);
  }
}

function request(
  ...args: readonly string[]
): Promise<{ status: number | null; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const child = spawn(join(ROOT, "bin/request.sh"), args, { cwd: elsewhere, timeout: 60_000 });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    child.on("close", (status) => resolve({ status, stdout, stderr }));
  });
}

describe("bin/run.sh", () => {
  for (const [mode, path, text] of [
    ["http", "/any/path", "Hello world!\n"],
    ["wsgi_example", "/hello", "Hello world from a WSGI app!\n"],
    ["flask", "/hello", "Hello world from Flask!\n"],
    ["pyramid", "/hello", "Hello world from Pyramid!\n"],
    ["django", "/hello", "Hello world from Django!\n"],
  ] as const) {
    it(`serves ${mode} and takes options`, async () => {
      assert.equal(await pageOf(["bin/run.sh", mode, "--workers", "1"], path), text);
    });
  }

  it("opens a shell in which rickhouse and the examples' Python are found", () => {
    const script =
      "for name in rickhouse python node; do command -v $name; done; echo $VIRTUAL_ENV";
    const { status, stdout } = spawnSync(join(ROOT, "bin/run.sh"), ["shell", "-c", script], {
      cwd: elsewhere,
      env: { ...process.env, SHELL: "/bin/sh" },
      encoding: "utf8",
      timeout: 60_000,
    });
    assert.equal(status, 0);
    const lines = ["bin/rickhouse", ".venv/bin/python", "node_modules/.bin/node", ".venv"];
    assert.deepEqual(
      stdout.trimEnd().split("\n").slice(-4),
      lines.map((line) => join(ROOT, line)),
    );
  });

  it("shows its modes when asked for another one", () => {
    const { status, stderr } = spawnSync(join(ROOT, "bin/run.sh"), ["ruby"], { encoding: "utf8" });
    assert.equal(status, 2);
    assert.match(stderr, /^Usage: bin\/run\.sh http\|wsgi_example\|flask\|pyramid\|django\|shell/);
  });
});

describe("npm start", () => {
  it("serves all examples", async () => {
    assert.match(
      await pageOf(["scripts/start", "--workers", "1", "--admin", "127.0.0.1:0"], "/"),
      /href="\/django\/"/,
    );
  });
});

describe("bin/request.sh", () => {
  it("says how many succeeded and how fast", async () => {
    await using server = await startServer(join(ROOT, "examples/hello:app"));
    const { status, stdout } = await request("200", "20", server.url);
    assert.equal(status, 0);
    assert.match(
      stdout,
      /^200 of 200 succeeded in [\d.]+ s: \d+ requests\/s, p50 [\d.]+ ms, p99 [\d.]+ ms\n$/,
    );
  });

  it("says what failed, and fails", async () => {
    await using server = await startServer(join(ROOT, "examples/wsgi_app:app"));
    const { status, stdout } = await request("10", "2", `${server.url}/no-such-page`);
    assert.equal(status, 1);
    assert.match(stdout, /^0 of 10 succeeded in [^]*\nfailed with 404: 10\n$/);
  });

  for (const args of [
    ["0"],
    ["x"],
    ["1", "-1"],
    ["1", "1", "nowhere"],
    ["1", "1", "https://localhost/"],
  ]) {
    it(`refuses ${args.join(" ")} in one line`, async () => {
      const { status, stdout, stderr } = await request(...args);
      assert.deepEqual([status, stdout], [2, ""]);
      assert.match(stderr, /^request: [^\n]+; write bin\/request\.sh [^\n]+\n$/);
    });
  }
});
