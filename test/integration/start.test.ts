import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { describe, it } from "node:test";
import { isAlive } from "../support/processes.ts";
import { RawClient } from "../support/raw-client.ts";
import { noted, openGate, recordOf } from "../support/record.ts";
import { get, message } from "../support/requests.ts";
import { ROOT, ServerUnderTest, startServer, waitFor } from "../support/server.ts";

const app = (name: string): string => join(ROOT, "test/apps", name);

/** Started, with its public socket in the test's directory: it can be reached before the banner. */
async function startUnready(
  name: string,
  args: readonly string[] = [],
): Promise<{ server: ServerUnderTest; path: string }> {
  const directory = ServerUnderTest.makeDirectory();
  const path = join(directory, "public.sock");
  const server = new ServerUnderTest(app(name), {
    directory,
    args: [...args, "--bind", `unix:${path}`],
  });
  await waitFor("the public socket", () => isListening(path));
  return { server, path };
}

/** The path is there a moment before it takes connections. */
function isListening(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => {
      resolve(false);
    });
  });
}

describe("before the first worker is ready", () => {
  it("requests wait, and are answered in the end", async () => {
    const { server, path } = await startUnready("slow_import:app");
    await using _ = server;
    using first = new RawClient(path);
    using second = new RawClient(path);
    first.send(message("GET", "/"));
    second.send(message("POST", "/", "body"));
    await noted(server, "importing");
    assert.equal(first.received.length + second.received.length, 0);
    openGate(server, "import");
    assert.equal((await first.response()).body.toString(), "imported");
    assert.equal((await second.response()).body.toString(), "imported");
  });

  it("SIGTERM ends it with status 0 and leaves nothing", async () => {
    for (const preload of ["on", "off"]) {
      const { server } = await startUnready("slow_import:app", ["--preload", preload]);
      await using _ = server;
      await noted(server, "importing");
      await server.stop();
    }
  });

  it("an import that takes longer than --start-timeout is fatal, and says what to do", async () => {
    const { server } = await startUnready("slow_import:app", ["--start-timeout", "300ms"]);
    await using _ = server;
    assert.deepEqual(await server.exited(), { code: 3, signal: null });
    assert.match(
      server.stderr,
      /^rickhouse: the application was not ready within 0\.3 s [^\n]*--start-timeout[^\n]*\n$/m,
    );
  });

  it("an interpreter that is none is fatal, and says what to do", async () => {
    const server = new ServerUnderTest(app("plain:app"), { args: ["--python", "/bin/true"] });
    await using _ = server;
    assert.deepEqual(await server.exited(), { code: 3, signal: null });
    assert.match(server.stderr.trimEnd().split("\n").at(-1) ?? "", /^rickhouse: .+; .*--python/);
  });

  it("an import error in the workers is told in one line that says what to do", async () => {
    const server = new ServerUnderTest(app("no_such_module:app"), { args: ["--preload", "off"] });
    await using _ = server;
    assert.deepEqual(await server.exited(), { code: 3, signal: null });
    const last = server.stderr.trimEnd().split("\n").at(-1) ?? "";
    assert.match(last, /^rickhouse: the application does not import; .+/);
  });

  it("an import error is told as such also after a reload, which has ended a zygote", async () => {
    const directory = ServerUnderTest.makeDirectory();
    writeFileSync(join(directory, "imported"), ""); // None is the first import.
    writeFileSync(join(directory, "later"), "wait");
    const args = ["--workers", "1", "--preload", "off"];
    await using server = new ServerUnderTest(app("reluctant:app"), { directory, args });
    await waitFor("an import", () => recordOf(server).length === 1);
    server.signal("SIGHUP");
    await waitFor("the next one", () => recordOf(server).length === 2);
    await waitFor("the end of the first zygote", () => server.zygotes.length === 1);
    writeFileSync(join(directory, "later"), "raise");
    for (const worker of server.workers) process.kill(worker, "SIGKILL");
    assert.deepEqual(await server.exited(), { code: 3, signal: null });
    const last = server.stderr.trimEnd().split("\n").at(-1) ?? "";
    assert.match(last, /^rickhouse: the application does not import; see above/);
  });
});

/** In place of Python: says a line and its process, then goes on as `rest`. */
function makeInterpreter(rest: string): { python: string; pidFile: string; directory: string } {
  const directory = ServerUnderTest.makeDirectory();
  const python = join(directory, "python");
  const pidFile = join(directory, "pid");
  const lines = ["#!/bin/sh", `echo $$ >"${pidFile}"`, "echo started >&2", rest, ""];
  writeFileSync(python, lines.join("\n"), { mode: 0o755 });
  return { python, pidFile, directory };
}

describe("the interpreter that is started while the server is loaded", () => {
  it("is the one that counts, even if it has ended by then: it said why, once", async () => {
    const { python, directory } = makeInterpreter("exit 1");
    const args = ["--python", python];
    await using server = new ServerUnderTest(app("plain:app"), { directory, args });
    assert.deepEqual(await server.exited(), { code: 3, signal: null });
    assert.equal(server.stderr.split("started\n").length, 2, server.stderr);
  });

  it("ends with a start that fails", async () => {
    await using other = await startServer("plain:app");
    const { python, pidFile, directory } = makeInterpreter("exec sleep 100 >/dev/null 2>&1");
    const args = ["--python", python, "--bind", new URL(other.url).host];
    await using server = new ServerUnderTest(app("plain:app"), { directory, args });
    assert.deepEqual(await server.exited(), { code: 4, signal: null });
    // It may have been ended before it could write.
    const pid = Number(existsSync(pidFile) ? readFileSync(pidFile, "utf8") : "") || undefined;
    await waitFor("its end", () => pid === undefined || !isAlive(pid));
  });
});

/** For NODE_OPTIONS: the lookup of a name to listen on, in the midst of the start, lasts until the file "go" is there. */
function holdLookups(directory: string): Record<string, string> {
  const lines = [
    'import dns from "node:dns";',
    'import { existsSync, writeFileSync } from "node:fs";',
    "const { lookup } = dns;",
    "dns.lookup = (...args) => {",
    `  writeFileSync(${JSON.stringify(join(directory, "asked"))}, "");`,
    "  const timer = setInterval(() => {",
    `    if (!existsSync(${JSON.stringify(join(directory, "go"))})) return;`,
    "    clearInterval(timer);",
    "    lookup(...args);",
    "  }, 5);",
    "};",
  ];
  const path = join(directory, "hold.mjs");
  writeFileSync(path, lines.join("\n"));
  return { NODE_OPTIONS: `--import ${path}` };
}

describe("while the server is about to listen", () => {
  it("a reload and a change of workers start nothing, and the start does both", async () => {
    const directory = ServerUnderTest.makeDirectory();
    await using server = new ServerUnderTest(app("plain:app"), {
      directory,
      args: ["--bind", "localhost:0", "--workers", "1:3"],
      env: holdLookups(directory),
    });
    await waitFor("the lookup", () => existsSync(join(directory, "asked")));
    server.signal("SIGHUP");
    await server.logged("the server has yet to start");
    server.signal("SIGTTIN");
    await server.logged("workers at least: 2");
    server.signal("SIGHUP");
    writeFileSync(join(directory, "go"), "");
    await server.ready();
    assert.equal((await get(server.port, "/")).status, 200);
    await waitFor("two workers", () => server.workers.length === 2);
    assert.doesNotMatch(server.stderr, /warning|error|generation/);
  });
});

describe("the banner", () => {
  const banners = [
    [["--workers", "1"], "1 worker"],
    [["--workers", "2:3"], "2 workers, at most 3"],
    [["--workers", "2", "--threads", "4"], "2 workers of 4 threads"],
  ] as const;
  for (const [args, workers] of banners) {
    it(`of ${args.join(" ")} is one line`, async () => {
      await using server = await startServer("plain:app", { args });
      const line = `rickhouse: serving plain:app at ${server.url} (${workers}, Python `;
      assert.ok(server.stderr.startsWith(line), server.stderr);
      const rest = server.stderr.slice(line.length);
      assert.match(rest, new RegExp(`^3\\.\\d+\\.\\d+, process ${server.pid}\\)\\n$`));
    });
  }
});

/** What test/apps/importing.py has started, by process id. */
function startedBy(server: ServerUnderTest): number[] {
  const lines = recordOf(server).filter((line) => line.startsWith("started"));
  return lines.map((line) => Number(line.split(" ").at(-1)));
}

describe("--preload", () => {
  it("auto imports once, in the zygote", async () => {
    await using server = await startServer("importing:app", { args: ["--workers", "2"] });
    await waitFor("two workers", () => server.workers.length === 2);
    assert.deepEqual(recordOf(server), [`imported by ${server.zygotes[0]}`]);
  });

  it("off imports in each worker", async () => {
    const args = ["--workers", "2", "--preload", "off"];
    await using server = await startServer("importing:app", { args });
    await waitFor("two imports", () => recordOf(server).length === 2);
    const expected = server.workers.map((pid) => `imported by ${pid}`);
    assert.deepEqual(recordOf(server).toSorted(), expected.toSorted());
    assert.ok(expected.includes(`imported by ${(await get(server.port, "/")).body.toString()}`));
  });

  const unshareable = [
    ["thread", /the thread 'ticker'/],
    ["socket", /a connection to 127\.0\.0\.1 port \d+/],
    ["sqlite", /the SQLite database .*\.db/],
    ["epoll", /an epoll descriptor/],
    ["process", /the process 'helper'/],
  ] as const;
  for (const [what, words] of unshareable) {
    it(`auto finds a ${what}, says so and starts again without preload`, async () => {
      const env = { IMPORT_MAKES: what };
      await using server = await startServer("importing:app", { args: ["--workers", "1"], env });
      assert.match(server.stderr, /importing importing left what must not be shared across fork: /);
      assert.match(server.stderr, words);
      assert.match(server.stderr, /so each worker imports it itself \(--preload off\)/);
      const pid = (await get(server.port, "/")).body.toString();
      assert.notEqual(Number(pid), server.zygotes[0]);
      const imports = recordOf(server).filter((line) => line.startsWith("imported"));
      assert.deepEqual(imports, [`imported by ${server.zygotes[0]}`, `imported by ${pid}`]);
    });
  }

  it("on shares all the same, with a warning", async () => {
    const env = { IMPORT_MAKES: "epoll" };
    const args = ["--workers", "1", "--preload", "on"];
    await using server = await startServer("importing:app", { args, env });
    assert.match(server.stderr, /warning: .*an epoll descriptor.*shared all the same/);
    assert.deepEqual(recordOf(server), [`imported by ${server.zygotes[0]}`]);
  });

  it("on: a process that the import has started lives until a reload or the end, whoever leaves", async () => {
    const env = { IMPORT_MAKES: "process" };
    const args = ["--workers", "2", "--preload", "on"];
    await using server = await startServer("importing:app", { args, env });
    const [first = 0] = startedBy(server);
    const leaving = Number((await get(server.port, "/")).body.toString());
    process.kill(leaving, "SIGTERM");
    await waitFor("its end", () => !isAlive(leaving));
    assert.ok(isAlive(first));
    server.signal("SIGHUP");
    await waitFor("the next import", () => startedBy(server).length === 2);
    await waitFor("the end of the first process", () => !isAlive(first));
    const [, second = 0] = startedBy(server);
    assert.ok(isAlive(second));
    await server.stop();
    await waitFor("the end of the second process", () => !isAlive(second));
  });
});

describe("a TMPDIR that is too deep for the path of a socket", () => {
  it("does not keep the server from starting", async () => {
    const directory = ServerUnderTest.makeDirectory();
    const deep = join(directory, "d".repeat(60), "e".repeat(60));
    mkdirSync(deep, { recursive: true });
    await using server = await startServer("plain:app", { directory, env: { TMPDIR: deep } });
    assert.equal((await get(server.port, "/")).status, 200);
  });
});
