// What the application prints: tagged in a log of JSON lines, untouched in a plain one.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { rawRequest } from "../support/raw-client.ts";
import { begin, get, post } from "../support/requests.ts";
import { ServerUnderTest, startServer, waitFor } from "../support/server.ts";

interface Line {
  readonly level: string;
  readonly message: string;
  readonly pid: number;
  readonly source?: string;
  readonly stage?: string;
  readonly worker?: number;
  readonly stream?: string;
  readonly request_id?: string;
}

/** Every line of it must be JSON. */
function linesOf(text: string): Line[] {
  return (
    Buffer.from(text, "latin1")
      .toString()
      .split("\n")
      .slice(0, -1) // What has no end yet.
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the test then checks
      .map((line) => JSON.parse(line) as Line)
  );
}

/** Of its own code and of the kernel's for it. */
function processorTicksOf(pid: number): string {
  const fields = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1]?.split(" ") ?? [];
  return fields.slice(11, 13).join(" ");
}

function startTalking(...args: string[]): Promise<ServerUnderTest> {
  return startServer("talking:app", { args: ["--workers", "1", "--log-format", "json", ...args] });
}

function lineWith(server: ServerUnderTest, message: string): Promise<Line> {
  return waitFor(`"${message}" in ${server.stderr.slice(-2000)}`, () =>
    linesOf(server.stderr).find((line) => line.message === message),
  );
}

describe("what the application prints, in a log of JSON lines", () => {
  it("has its process, its stream and the request that printed it", async () => {
    await using server = await startTalking();
    for (const name of ["a", "b", "c"]) {
      const answer = await get(server.port, `/print?${name}`);
      const pid = Number(answer.body.toString());
      const id = answer.fields.get("x-request-id");
      const expected = {
        printed: "stdout",
        complained: "stderr",
        erred: "stderr",
        logged: "stderr",
      };
      for (const [verb, stream] of Object.entries(expected)) {
        const line = await lineWith(server, `${verb} ${name}`);
        assert.deepEqual(
          [line.pid, line.stream, line.request_id, line.source, line.level, line.worker],
          [pid, stream, id, "application", "info", 1],
        );
      }
    }
    // Each request's own, although none has ended its line.
    await waitFor("three of them", () => {
      const all = linesOf(server.stderr).filter(({ message }) => message === "without an end");
      return all.length === 3 && new Set(all.map((line) => line.request_id)).size === 3;
    });
    assert.equal(server.stdout, "");
  });

  it("has no request where other programs, C code or other threads of a worker print", async () => {
    await using server = await startTalking();
    const { body } = await get(server.port, "/subprocess");
    for (const message of ["a child said", "a child erred", "written"]) {
      const line = await lineWith(server, message);
      assert.deepEqual([line.pid, line.request_id], [Number(body.toString()), undefined]);
    }
    const atImport = await lineWith(server, "said at import");
    assert.deepEqual([atImport.stage, atImport.pid], ["import", server.zygotes[0]]);
    await using threaded = await startTalking("--threads", "2");
    await get(threaded.port, "/print?a");
    assert.equal((await lineWith(threaded, "printed a")).request_id, undefined);
  });

  it("is lines, but tracebacks of requests that failed are one", async () => {
    await using server = await startTalking();
    const answer = await get(server.port, "/raise");
    assert.equal(answer.status, 500);
    await lineWith(server, "caught");
    await lineWith(server, "NoneType: None");
    const failed = await waitFor("the traceback", () =>
      linesOf(server.stderr).find(({ message }) => message.includes("ValueError: what a pity")),
    );
    assert.match(failed.message, /^error in GET \/raise \[\w+\]\nTraceback [^]*\n {2}File /);
    assert.deepEqual(
      [failed.level, failed.source, failed.request_id],
      ["error", "worker", answer.fields.get("x-request-id")],
    );
  });

  it("can neither forge lines nor steer a terminal", async () => {
    await using server = await startTalking();
    await get(server.port, "/forge");
    const line = await lineWith(server, '{"level":"error"}');
    assert.deepEqual([line.level, line.source], ["info", "application"]);
    await lineWith(server, "\uFFFD\u001B[2J");
    assert.ok(!server.stderr.includes("\u001B") && !server.stderr.includes("\0"));
    assert.ok(!linesOf(server.stderr).some((one) => one.request_id === "forged"));
    assert.equal((await get(server.port, "/isatty")).body.toString(), "False 1");
  });

  it("is whole when a worker dies, and when the server ends", async () => {
    await using server = await startTalking();
    const answer = await post(server.port, "/die");
    assert.equal(answer.status, 502);
    const line = await lineWith(server, "last words");
    assert.equal(line.request_id, answer.fields.get("x-request-id"));
    await waitFor("another worker", () => server.workers.length === 1);
    await get(server.port, "/print?again");
    await server.stop();
    assert.equal((await lineWith(server, "said at exit")).worker, 2);
  });

  it("comes from the new code after a reload, and from the old until it has gone", async () => {
    await using server = await startTalking();
    await get(server.port, "/print?old");
    server.signal("SIGHUP");
    await lineWith(server, "said at exit");
    await get(server.port, "/print?new");
    const [before, after] = [
      await lineWith(server, "printed old"),
      await lineWith(server, "printed new"),
    ];
    assert.notEqual(before.pid, after.pid);
    assert.equal(
      linesOf(server.stderr).filter(({ message }) => message === "said at import").length,
      2,
    );
  });

  it("waits while nobody reads the log, and nothing of it is lost", async () => {
    await using server = await startTalking();
    const { port } = server;
    server.process.stderr?.pause();
    const record = join(server.temporaryDirectory, "record");
    const answers = ["a", "b", "c"].map((name) => get(port, `/much?${name}`));
    await waitFor("the first to print", () => existsSync(record));
    const [worker = 0] = server.workers;
    let ticks = "";
    let unchanged = 0;
    await waitFor("the worker to stand still", () => {
      const now = processorTicksOf(worker);
      unchanged = now === ticks ? unchanged + 1 : 0;
      ticks = now;
      return unchanged === 30;
    });
    assert.doesNotMatch(readFileSync(record, "utf8"), /printed/);
    // The front goes on: what it answers itself needs no worker.
    assert.equal((await rawRequest(port, "nonsense\r\n\r\n")).status, 400);
    server.process.stderr?.resume();
    await Promise.all(answers);
    const prefixes = new Set<string>();
    await waitFor("3 MiB in the log", () => {
      for (const { message } of linesOf(server.stderr)) prefixes.add(message.slice(0, 7));
      return ["a", "b", "c"].every((name) => prefixes.has(`${name}001023`));
    });
    for (const name of ["a", "b", "c"]) {
      for (let i = 0; i < 1024; i++) {
        assert.ok(prefixes.has(`${name}${String(i).padStart(6, "0")}`), `${name}${i}`);
      }
    }
    assert.ok(!server.stderr.includes("dropped"));
  });

  it("does not keep the server from ending while nobody reads the log", async () => {
    await using server = await startTalking("--graceful-timeout", "1s");
    server.process.stderr?.pause();
    using client = begin(server.port, "GET", "/much?a");
    await waitFor("the printing", () => existsSync(join(server.temporaryDirectory, "record")));
    server.signal("SIGTERM");
    assert.deepEqual(await server.exited(), { code: 0, signal: null });
    client.socket.destroy();
  });

  it("tells why the application does not import, as one message, before the server ends", async () => {
    const server = new ServerUnderTest(join(import.meta.dirname, "../apps/talking:app"), {
      args: ["--workers", "1", "--log-format", "json"],
      env: { TALKING_FAILS: "1" },
    });
    await using _ = server;
    const { code } = await server.exited();
    assert.equal(code, 3, server.stderr);
    const [, failure, last] = linesOf(server.stderr);
    assert.match(
      failure?.message ?? "",
      /^the application does not load\nTraceback [^]*RuntimeError/,
    );
    assert.deepEqual([failure?.source, failure?.stage], ["zygote", "import"]);
    assert.deepEqual([last?.level, last?.source], ["error", undefined]);
    assert.match(last?.message ?? "", /RuntimeError: not today/);
  });
});

describe("what the application prints, beside a plain log", () => {
  it("is passed on untouched, each stream to its own", async () => {
    await using server = await startServer("talking:app", { args: ["--workers", "1"] });
    await get(server.port, "/subprocess");
    await server.logged("a child erred\n");
    await waitFor("its output", () => server.stdout.includes("a child said\nwritten\n"));
    await get(server.port, "/print?x");
    await server.logged("complained x\nerred x\nlogged x\n");
    assert.ok(!existsSync(join(server.temporaryDirectory, "output.sock")));
  });

  it("goes past the file of the server's log", async () => {
    const path = join(ServerUnderTest.makeDirectory(), "log");
    const server = new ServerUnderTest(join(import.meta.dirname, "../apps/talking:app"), {
      args: ["--workers", "1", "--log", path, "--log-format", "json"],
    });
    await using _ = server;
    const text = (): string => (existsSync(path) ? readFileSync(path, "utf8") : "");
    await waitFor("the line in the file", () => text().includes('"message":"said at import"'));
    await waitFor("the banner", () => text().includes('"message":"serving '));
    assert.equal(server.stdout + server.stderr, "");
  });
});
