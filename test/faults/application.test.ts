// The application may do what it likes (test/apps/unruly.py): the protocol survives, or the worker is replaced with a clear line.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { childrenOf, isAlive } from "../support/processes.ts";
import { noted, openGate, recordOf } from "../support/record.ts";
import { post } from "../support/requests.ts";
import { ServerUnderTest, startServer, waitFor, type ServerOptions } from "../support/server.ts";

interface Facts {
  readonly pid: number;
  readonly result: unknown;
  readonly atImport: unknown;
  readonly body: number;
}

function start(options: ServerOptions = {}): Promise<ServerUnderTest> {
  const args = ["--workers", "1", "--graceful-timeout", "4s", ...(options.args ?? [])];
  return startServer("unruly:app", { ...options, args });
}

async function ask(server: ServerUnderTest, path: string, body?: string): Promise<Facts> {
  const response = await post(server.port, path, body);
  assert.equal(response.status, 200, server.stderr);
  const facts: unknown = JSON.parse(response.body.toString());
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- test/apps/unruly.py says exactly this
  return facts as Facts;
}

/** A small request and one whose body goes through a file, in the worker that this answers with. */
async function servesOn(server: ServerUnderTest): Promise<number> {
  const { pid } = await ask(server, "/");
  assert.equal((await ask(server, "/", "b".repeat(1_500_000))).body, 1_500_000);
  return pid;
}

describe("in a request the application may", () => {
  const harmless = {
    "/handlers": "ignore all the signals that it can",
    "/defaults": "set all signals to their defaults",
    "/mask": "block all signals",
    "/chdir": "change the directory",
    "/print": "print 200 KiB to standard output and to standard error",
    "/busy-threads": "leave threads behind",
    "/threads": "leave threads behind that keep a process from ending",
  } as const;
  for (const [path, words] of Object.entries(harmless)) {
    it(`${words}: the worker serves on, and a drain ends it`, async () => {
      await using server = await start();
      const { pid } = await ask(server, path);
      assert.equal(await servesOn(server), pid);
      await server.stop();
      assert.doesNotMatch(server.stderr, /error|warning/);
    });
  }

  it("print that much: all of it arrives", async () => {
    await using server = await start();
    await ask(server, "/print");
    for (const stream of ["stdout", "stderr"] as const)
      await waitFor("all that was printed", () => /y{204800}\nz{1000}\n/.test(server[stream]));
  });

  it("call sys.exit(): 500, and the worker serves on", async () => {
    await using server = await start();
    const [pid] = server.workers;
    assert.equal((await post(server.port, "/exit")).status, 500);
    assert.equal(await servesOn(server), pid);
    await server.logged("SystemExit: 4");
  });

  it("run out of memory: 500, and the worker serves on", async () => {
    await using server = await start();
    const [pid] = server.workers;
    assert.equal((await post(server.port, "/memory")).status, 500);
    assert.equal(await servesOn(server), pid);
    await server.logged(/error in POST \/memory \[\w+\]\n[^]*MemoryError/);
  });

  it("fork a child that outlives the request and its worker: it holds up neither", async () => {
    await using server = await start();
    const { pid, result } = await ask(server, "/fork-child");
    const child = Number(result);
    assert.equal(await servesOn(server), pid);
    process.kill(pid, "SIGKILL");
    const successor = await servesOn(server);
    assert.notEqual(successor, pid);
    assert.ok(isAlive(child));
    openGate(server, "end");
    await waitFor("its end", () => !isAlive(child));
    const [zygote = 0] = server.zygotes;
    await waitFor("its burial", () => !childrenOf(zygote).includes(child));
  });

  it("return from a forked child as if it were the worker: one answer, and the child ends", async () => {
    await using server = await start();
    const { pid } = await ask(server, "/fork-and-return");
    const child = Number((await noted(server, /^the child is/)).split(" ").at(-1));
    assert.notEqual(pid, child);
    await waitFor("the end of the child", () => !isAlive(child));
    assert.equal(await servesOn(server), pid);
  });

  it("start programs and ask for their exit codes", async () => {
    await using server = await start();
    assert.deepEqual((await ask(server, "/subprocess")).result, [0, 3, 77, -9, 9, 5, 0]);
    await servesOn(server);
  });

  for (const method of ["fork", "spawn", "forkserver"]) {
    it(`use multiprocessing (${method})`, async () => {
      await using server = await start();
      const { result, pid } = await ask(server, `/multiprocessing/${method}`);
      assert.deepEqual(result, [[0, 2, 4, 6, 8], 6]);
      assert.equal(await servesOn(server), pid);
      await server.stop();
      assert.doesNotMatch(server.stderr, /error|warning/);
    });
  }

  it("register what runs at the end of the process: it runs when the worker is drained", async () => {
    await using server = await start();
    await ask(server, "/atexit");
    const at = noted(server, "atexit ran");
    await server.exitAfterDrain();
    await at;
  });

  it("register that and leave threads behind that keep a process from ending: it runs all the same", async () => {
    await using server = await start();
    await ask(server, "/threads");
    await ask(server, "/atexit");
    const at = noted(server, "atexit ran");
    await server.exitAfterDrain();
    await at;
  });
});

describe("in a request the application costs itself the worker, which is replaced with a clear line, when it", () => {
  for (const path of ["/close-all", "/close-and-open"]) {
    // What it answered is kept in memory that it cannot close, and is not lost with it.
    it(`closes what it did not open (${path})`, async () => {
      await using server = await start();
      const [pid] = server.workers;
      assert.equal((await post(server.port, path)).status, 200);
      await server.logged(/the application closed descriptors that are not its own/);
      assert.notEqual(await servesOn(server), pid);
      assert.equal(server.workers.length, 1);
    });
  }

  it("closes what it did not open: nothing of the protocol is written to what it opens in its place", async () => {
    await using server = await start();
    assert.equal((await post(server.port, "/close-and-open")).status, 200);
    await noted(server, /^got/);
    await waitFor(
      "all",
      () => recordOf(server).filter((line) => line.startsWith("got")).length === 20,
    );
    assert.deepEqual(new Set(recordOf(server).slice(-20)), new Set(["got nothing"]));
  });

  for (const path of ["/alarm", "/timer"]) {
    it(`sets a timer without a handler (${path})`, async () => {
      await using server = await start();
      const { pid } = await ask(server, path);
      await waitFor("the end of the worker", () => !isAlive(pid));
      await server.logged(`worker 1 (pid ${pid}) was ended by SIGALRM`);
      assert.notEqual(await servesOn(server), pid);
    });
  }
});

describe("at its import the application may", () => {
  const harmless = {
    "/fork-child": "fork a child",
    "/handlers": "ignore signals",
    "/defaults": "set signals to their defaults",
    "/mask": "block all signals",
    "/chdir": "change the directory",
    "/print": "print much",
    "/timer": "set a timer without a handler",
    "/alarm": "set an alarm without a handler",
  } as const;
  for (const [path, words] of Object.entries(harmless)) {
    it(`${words}: the server serves, replaces a killed worker, and ends`, async () => {
      await using server = await start({ env: { UNRULY_IMPORT: path } });
      const { zygotes } = server;
      const pid = await servesOn(server);
      process.kill(pid, "SIGKILL");
      await waitFor("another worker", () => server.workers.some((worker) => worker !== pid));
      assert.notEqual(await servesOn(server), pid);
      assert.deepEqual(server.zygotes, zygotes);
      openGate(server, "end");
      await server.stop();
    });
  }

  for (const preload of ["on", "off"]) {
    it(`start programs and ask for their exit codes (--preload ${preload})`, async () => {
      const env = { UNRULY_IMPORT: "/subprocess" };
      await using server = await start({ env, args: ["--preload", preload] });
      assert.deepEqual((await ask(server, "/")).atImport, [0, 3, 77, -9, 9, 5, 0]);
    });
  }

  for (const method of ["fork", "spawn", "forkserver"]) {
    it(`use multiprocessing, and in requests too (${method})`, async () => {
      await using server = await start({ env: { UNRULY_IMPORT: `/multiprocessing/${method}` } });
      assert.deepEqual((await ask(server, "/")).atImport, [null, 6]);
      const { result } = await ask(server, `/multiprocessing/${method}`);
      assert.deepEqual(result, [[0, 2, 4, 6, 8], 6]);
    });
  }
});

describe("an import that makes the start impossible ends it with status 3 and says why:", () => {
  const deadly = {
    "/exit": /SystemExit: 4\n[^]*importing unruly raised SystemExit: 4/,
    "/close-all": /importing unruly closed descriptors that are not its own[^]*see the lines above/,
  } as const;
  for (const [path, line] of Object.entries(deadly)) {
    it(path, async () => {
      await using server = new ServerUnderTest("test/apps/unruly:app", {
        env: { UNRULY_IMPORT: path },
      });
      assert.deepEqual(await server.exited(), { code: 3, signal: null });
      await server.logged(line);
    });
  }
});
