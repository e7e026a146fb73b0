import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { recordOf, noted } from "../support/record.ts";
import { begin, get } from "../support/requests.ts";
import { isAlive } from "../support/processes.ts";
import { startServer, waitFor, type ServerUnderTest } from "../support/server.ts";

const TIMEOUT_MS = 1000;

async function workerOf(server: ServerUnderTest, path: string): Promise<number> {
  const line = await noted(server, new RegExp(`^GET ${path} in \\d+$`));
  return Number(line.split(" ").at(-1));
}

describe("--request-timeout", () => {
  let server: ServerUnderTest;
  before(async () => {
    const args = ["--workers", "2", "--request-timeout", `${TIMEOUT_MS}ms`];
    server = await startServer("hanging:app", { args });
  });
  after(() => server.stop());

  const hangs = [
    ["sleep", "stuck_in_sleep"],
    ["loop", "stuck_in_loop"],
    ["c", "stuck_in_c_code"],
  ] as const;
  for (const [path, name] of hangs) {
    it(`ends /${path} with 504 and its stacks, while the other worker serves on`, async () => {
      const startedAt = performance.now();
      using client = begin(server.port, "GET", `/${path}?secret=1`);
      const pid = await workerOf(server, `/${path}`);
      while (client.received.length === 0) {
        assert.equal((await get(server.port, "/ok")).status, 200);
      }
      assert.equal((await client.response()).status, 504);
      const tookMs = performance.now() - startedAt;
      assert.ok(tookMs >= TIMEOUT_MS && tookMs < TIMEOUT_MS + 8000, `took ${tookMs} ms`);
      await waitFor("the end of the worker", () => !isAlive(pid));
      await waitFor("its replacement", () => server.workers.length === 2);
      const log = new RegExp(
        `GET /${path}\\S* \\[\\w+\\] was ended by --request-timeout: waited \\d+ ms, ran \\d+ ms, ` +
          `silent for \\d+ ms in worker \\d+ \\(pid ${pid}\\)\\n[^]*in ${name}`,
      );
      await server.logged(log);
      assert.equal(
        recordOf(server).filter((line) => line.startsWith(`GET /${path} `)).length,
        1,
        "a request that hung was run again",
      );
    });
  }

  it("breaks the connection of an answer that has begun", async () => {
    using client = begin(server.port, "GET", "/silent-stream");
    const response = await client.response();
    assert.deepEqual([response.status, response.isWhole], [200, false]);
    assert.equal(response.body.toString(), "0\n");
    await server.logged(/GET \/silent-stream \[\w+\] was ended by --request-timeout/);
  });

  it("counts from chunk to chunk", async () => {
    const response = await get(server.port, "/steady-stream");
    assert.deepEqual([response.body.toString(), response.isWhole], ["0\n1\n2\n3\n4\n", true]);
  });
});

describe("a client that reads slowly", () => {
  it("does not count as silence of the application", async () => {
    const args = ["--workers", "2", "--request-timeout", "500ms"];
    const limits = ["--response-memory", "64KiB", "--response-file", "0"];
    await using server = await startServer("hanging:app", { args: [...args, ...limits] });
    using slow = begin(server.port, "GET", "/large");
    const pid = await workerOf(server, "/large");
    slow.socket.pause();
    // Two time-outs, one after the other, in the other worker.
    assert.equal((await get(server.port, "/sleep")).status, 504);
    assert.equal((await get(server.port, "/sleep")).status, 504);
    assert.ok(isAlive(pid), server.stderr);
    slow.socket.resume();
    const response = await slow.response();
    assert.deepEqual([response.body.length, response.isWhole], [8 * 1024 * 1024, true]);
  });
});

describe("--request-total-timeout", () => {
  it("ends an answer that goes on for too long", async () => {
    const args = ["--workers", "1", "--request-total-timeout", "1s"];
    await using server = await startServer("hanging:app", { args });
    const response = await get(server.port, "/steady-stream");
    assert.equal(response.isWhole, false);
    await server.logged(/GET \/steady-stream \[\w+\] was ended by --request-total-timeout/);
    assert.equal((await get(server.port, "/ok")).status, 200);
  });
});

describe("with --threads 2", () => {
  it("the other request of a worker that hangs finishes first", async () => {
    const args = ["--workers", "1", "--threads", "2", "--request-timeout", "1s"];
    await using server = await startServer("hanging:app", { args });
    using hung = begin(server.port, "GET", "/sleep");
    const pid = await workerOf(server, "/sleep");
    using other = begin(server.port, "GET", "/steady-stream");
    assert.equal(await workerOf(server, "/steady-stream"), pid);
    assert.equal((await hung.response()).status, 504);
    assert.ok(isAlive(pid));
    // Nothing new for that worker: another one answers.
    assert.notEqual((await get(server.port, "/ok")).body.toString(), String(pid));
    const response = await other.response();
    assert.deepEqual([response.body.toString(), response.isWhole], ["0\n1\n2\n3\n4\n", true]);
    await waitFor("the end of the worker", () => !isAlive(pid));
    await server.logged(/GET \/sleep \[\w+\] was ended by --request-timeout/);
  });
});
