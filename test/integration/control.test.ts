import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chownSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { createServer } from "node:net";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Snapshot, StatusDocument } from "../../src/io/admin/documents.ts";
import { ADMIN_ARGS, adminPort, ask, askJson } from "../support/admin.ts";
import { noted, openGate } from "../support/record.ts";
import { begin, get } from "../support/requests.ts";
import { ROOT, ServerUnderTest, startServer, waitFor } from "../support/server.ts";

const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** `rickhouse ARGS` beside the server: the same temporary directory, no configuration file. */
function command(directory: string, ...args: readonly string[]): Promise<Ended> {
  return commandWith({ cwd: directory, temporaryDirectory: directory }, args);
}

function commandWith(
  where: { readonly cwd: string; readonly temporaryDirectory: string },
  args: readonly string[],
): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(join(ROOT, "bin/rickhouse"), args, {
      cwd: where.cwd,
      env: { ...process.env, TMPDIR: where.temporaryDirectory },
      timeout: 60_000,
    });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
}

// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- who calls it says what the text is
function parse<T>(text: string): T {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a test that is wrong about the shape fails at its assertion
  return JSON.parse(text) as T;
}

const post = (port: number, path: string, body: object | string, headers = {}) =>
  ask(port, path, {
    method: "POST",
    headers,
    body: typeof body === "string" ? body : JSON.stringify(body),
  });

describe("the commands to a running server", () => {
  let server: ServerUnderTest;
  const run = (...args: readonly string[]) => command(server.temporaryDirectory, ...args);
  before(async () => {
    // No --admin: the control socket is always there.
    server = await startServer("gated:app", { args: ["--workers", "2:4"] });
  });
  after(async () => server[Symbol.asyncDispose]());

  it(
    "look into no directory of another user, not even as root",
    { skip: !isRoot && "only root can make one here" },
    async () => {
      const foreign = join(server.temporaryDirectory, "rickhouse-foreign");
      mkdirSync(foreign, { mode: 0o755 });
      let asked = 0;
      const impostor = createServer((socket) => {
        asked++;
        socket.destroy();
      });
      await new Promise<void>((resolve) => {
        impostor.listen(join(foreign, "control.sock"), resolve);
      });
      chownSync(foreign, NOBODY, NOBODY);
      assert.equal((await run("status")).code, 0);
      const { code, stderr } = await run("status", "--user", String(NOBODY));
      assert.deepEqual([code, asked > 0], [1, true], stderr);
      asked = 0;
      assert.equal((await run("status")).code, 0);
      assert.equal(asked, 0);
      await new Promise((resolve) => impostor.close(resolve));
      rmSync(foreign, { recursive: true });
    },
  );

  it("status shows what each worker is running, as a table and as JSON", async () => {
    using client = begin(server.port, "GET", "/held?secret=1");
    const note = await noted(server, /^GET held in/);
    const { code, stdout, stderr } = await run("status");
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(stdout, new RegExp(`^gated:app: serving, up .*, process ${server.pid},`));
    assert.match(stdout, new RegExp(`^ *\\d+ +${note.split(" ").at(-1)} .*GET /held for \\d`, "m"));
    assert.ok(!stdout.includes("secret"));
    const status = parse<StatusDocument>((await run("status", "--json")).stdout);
    assert.equal(status.pid, server.pid);
    openGate(server, "held");
    assert.equal((await client.response()).status, 200);
  });

  it("scale sets the number of workers, within --workers", async () => {
    const more = await run("scale", "3");
    assert.deepEqual([more.code, more.stdout], [0, "workers at least: 3\n"]);
    await waitFor("three workers", () => server.workers.length === 3);
    const less = await run("scale", "1", "--json");
    assert.deepEqual(JSON.parse(less.stdout), { ok: true, workers: 1 });
    await waitFor("one worker", () => server.workers.length === 1);
    const tooMany = await run("scale", "5");
    assert.equal(tooMany.code, 1);
    assert.match(
      tooMany.stderr,
      /^rickhouse: the server at .* refused: workers must be a whole number from 1 to 4 \(--workers\);/,
    );
    assert.equal((await run("scale", "many")).code, 2);
  });

  it("scale lets idle workers go, not the one that runs a request", async () => {
    await run("scale", "3");
    await waitFor("three workers", () => server.workers.length === 3);
    using client = begin(server.port, "GET", "/kept");
    const pid = Number((await noted(server, /^GET kept in/)).split(" ").at(-1));
    await run("scale", "1");
    await waitFor("one worker", () => server.workers.length === 1);
    assert.deepEqual(server.workers, [pid]);
    openGate(server, "kept");
    assert.equal((await client.response()).status, 200);
  });

  it("stacks shows where a hanging worker stands", async () => {
    using client = begin(server.port, "GET", "/stuck");
    await noted(server, /^GET stuck in/);
    const { code, stdout } = await run("stacks");
    assert.equal(code, 0);
    assert.match(stdout, /^worker \d+ \(pid \d+\)\n[^]*in wait_for_gate\n[^]*in app\n/);
    assert.equal((await run("stacks", "999")).code, 1);
    openGate(server, "stuck");
    assert.equal((await client.response()).status, 200);
  });

  it("log-level silences what is less important, and not what a signal asks for", async () => {
    assert.equal((await run("log-level", "error")).stdout, "log level: error\n");
    server.signal("SIGUSR2");
    await server.logged(/rickhouse: stacks of worker \d+ \(pid \d+\):\n/);
    await run("scale", "2");
    assert.ok(!server.stderr.includes("workers at least: 2"));
    assert.equal((await run("log-level", "info")).code, 0);
    await run("scale", "1");
    await server.logged("workers at least: 1 (1 to 4");
    assert.equal((await run("log-level", "loud")).code, 2);
  });

  it("stop waits for what runs, and for the end", async () => {
    using client = begin(server.port, "GET", "/last");
    await noted(server, /^GET last in/);
    let hasReturned = false;
    const stopping = run("stop").finally(() => (hasReturned = true));
    await server.logged(/finishing \d+ connection/);
    // Takes as long as another command, which waits for nothing.
    assert.match((await run("status")).stdout, /: draining/);
    assert.ok(!hasReturned, "it does not wait");
    openGate(server, "last");
    assert.equal((await client.response()).status, 200);
    const { code, stdout } = await stopping;
    assert.equal(code, 0);
    assert.match(
      stdout,
      new RegExp(`^process ${server.pid} has finished what it had and ended, after`),
    );
    assert.equal((await server.exited()).code, 0);
  });
});

describe("reload", () => {
  for (const preload of ["on", "off"]) {
    it(`tells what became of it (--preload ${preload})`, async () => {
      const directory = ServerUnderTest.makeDirectory();
      const version = (text: string) => writeFileSync(join(directory, "version"), text);
      version("one");
      await using server = await startServer("versioned:app", {
        args: [...ADMIN_ARGS, "--workers", "2", "--preload", preload],
        directory,
      });
      version("two");
      const good = await command(
        directory,
        "reload",
        "--admin",
        `127.0.0.1:${await adminPort(server)}`,
      );
      assert.deepEqual([good.code, good.stdout], [0, "generation 2 serves\n"]);
      assert.equal((await get(server.port, "/")).status, 200);
      version("broken");
      const bad = await command(directory, "reload");
      assert.equal(bad.code, 1);
      const reason = preload === "on" ? /this version is broken/ : /its workers do not get ready/;
      assert.match(bad.stdout, /^reload failed: /);
      assert.match(bad.stdout, reason);
      const { reloads } = await askJson<StatusDocument>(await adminPort(server), "/status");
      assert.deepEqual(
        reloads.map(({ outcome }) => outcome),
        ["failed", "serves"],
      );
      version("three"); // Else the end of the test waits for a zygote that does not import.
      assert.equal((await command(directory, "reload")).code, 0);
    });
  }
});

describe("a server whose paths count from another directory", () => {
  it("is found by its file, and tells why it refuses a reload", async () => {
    const directory = ServerUnderTest.makeDirectory();
    const site = join(directory, "site");
    mkdirSync(site);
    const file = join(directory, "rickhouse.toml");
    const toml = 'chdir = "site"\nadmin = "unix:admin.sock"\nworkers = 1\n';
    writeFileSync(file, toml);
    await using server = await startServer(join(ROOT, "test/apps/plain:app"), {
      directory,
      args: ["--config", file],
      cwd: directory,
    });
    const found = await command(directory, "reload", "--config", file);
    assert.deepEqual([found.code, found.stdout], [0, "generation 2 serves\n"]);
    const copy = join(directory, "copy.toml");
    writeFileSync(copy, toml);
    writeFileSync(file, `${toml}threads = 0\n`);
    const refused = await command(directory, "reload", "--config", copy);
    assert.equal(refused.code, 1);
    assert.match(refused.stdout, /^reload failed: .*rickhouse\.toml.*threads.*; the old code/);
    assert.equal((await get(server.port, "/")).status, 200);
  });
});

describe("without a server, or with several", () => {
  it("says so in one line", async () => {
    const directory = ServerUnderTest.makeDirectory();
    const nowhere = { cwd: directory, temporaryDirectory: join(directory, "missing") };
    const missing = await commandWith(nowhere, ["status"]);
    assert.equal(missing.code, 1);
    assert.match(missing.stderr, /^rickhouse: no running server found: .*\n$/);
    const none = await command(directory, "status");
    assert.equal(none.code, 1);
    assert.match(
      none.stderr,
      /^rickhouse: no running server found: .*; start one, or name it .*\n$/,
    );
    const gone = await command(directory, "stop", "--admin", "127.0.0.1:1");
    assert.equal(gone.code, 1);
    assert.match(
      gone.stderr,
      /^rickhouse: no server answers at .*127\.0\.0\.1:1 \(ECONNREFUSED\); /,
    );
    await using first = await startServer("plain:app", { args: ["--workers", "1"], directory });
    const second = new ServerUnderTest(join(ROOT, "test/apps/plain:app"), {
      args: ["--workers", "1"],
      directory,
    });
    await second.ready();
    const both = await command(directory, "status");
    const [, socket = ""] = /(unix:\S+control\.sock)/.exec(both.stderr) ?? [];
    const chosen = await command(directory, "status", "--admin", socket);
    await second.exitAfterDrain(); // Before anything can fail: whoever disposes of it wants nothing in the directory.
    assert.equal(both.code, 2);
    const choice = String.raw`--admin unix:\S+ \(plain:app, process (?:${first.pid}|${second.pid})\)`;
    assert.match(
      both.stderr,
      new RegExp(`several servers run; choose one with ${choice} or ${choice}\n$`),
    );
    assert.equal(chosen.code, 0);
  });
});

describe("the verbs over HTTP", () => {
  let server: ServerUnderTest;
  let port: number;
  before(async () => {
    server = await startServer("plain:app", { args: [...ADMIN_ARGS, "--workers", "1:2"] });
    port = await adminPort(server);
  });
  after(() => server.stop());

  it("take POST alone, and no page of another site", async () => {
    for (const path of ["/reload", "/scale", "/stacks", "/log-level", "/stop"]) {
      assert.equal((await ask(port, path)).status, 405, path);
      for (const headers of [
        { origin: "http://evil.example" },
        { origin: "null" },
        { "sec-fetch-site": "cross-site" },
        { host: "evil.example" },
      ]) {
        assert.equal((await post(port, path, {}, headers)).status, 403, path);
      }
    }
    assert.equal((await ask(port, "/livez")).status, 200);
  });

  it("refuse what is no JSON object, and what is too long", async () => {
    for (const body of ["[]", "workers=2", "null", `{"workers":${"2".repeat(5000)}}`]) {
      assert.equal((await post(port, "/scale", body)).status, 400, body.slice(0, 20));
    }
  });

  it("/events sends a snapshot at once and each second", async () => {
    const texts: string[] = [];
    const sent = request({ port, host: "127.0.0.1", path: "/events" }, (response) => {
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => texts.push(chunk));
    });
    sent.on("error", () => {});
    sent.end();
    const found = await waitFor("two snapshots", () => {
      const parts = texts.join("").split("\n\n").slice(0, -1);
      return parts.length >= 2 && parts;
    });
    const snapshots = found.map((part) => parse<Snapshot>(part.replace(/^data: /, "")));
    sent.destroy();
    assert.equal(snapshots[0]?.status.application, "plain:app");
    assert.equal(snapshots[1]?.status.application, "plain:app");
    // Not both at once.
    assert.ok((snapshots[1]?.at ?? 0) - (snapshots[0]?.at ?? 0) >= 500);
    const times = snapshots[0]?.totalTime;
    assert.equal(times?.counts.length, (times?.boundsMs.length ?? 0) + 1);
  });
});
