// More workers while requests wait for workers that wait themselves, and fewer again.

import assert from "node:assert/strict";
import { availableParallelism } from "node:os";
import { describe, it } from "node:test";
import { failuresOf, numbered, runLoad, type Outcome } from "../support/load.ts";
import { get } from "../support/requests.ts";
import { startServer, waitFor, type ServerUnderTest } from "../support/server.ts";

/** Each client sends one request. */
function burst(server: ServerUnderTest, count: number, target: string): Promise<Outcome[]> {
  const next = numbered(count, () => target);
  return runLoad({ port: server.port, clients: count, method: "GET", next });
}

/** Steady load until `stop`, which resolves with what became of it. */
function startLoad(
  server: ServerUnderTest,
  clients: number,
  target: string,
): { stop(): Promise<Outcome[]> } {
  let isOver = false;
  const next = (): string | undefined => (isOver ? undefined : target);
  const outcomes = runLoad({ port: server.port, clients, method: "GET", next });
  return {
    stop: () => {
      isOver = true;
      return outcomes;
    },
  };
}

describe("elastic workers", () => {
  it("grow for a burst of requests that sleep, and are given up again when they are idle", async () => {
    const args = ["--workers", "2:16", "--worker-idle-timeout", "500ms"];
    await using server = await startServer("napping:app", { args });
    assert.equal(server.workers.length, 2);
    const beganAt = performance.now();
    const outcomes = await burst(server, 200, "/?ms=100");
    const tookMs = performance.now() - beganAt;
    assert.deepEqual(failuresOf(outcomes), []);
    // Two workers would need 10 s, sixteen 1.3.
    assert.ok(tookMs < 6000, `${tookMs} ms`);
    await server.logged(/workers: 2 to \d+ \(at most 16\): \d+ requests wait/);
    const load = startLoad(server, 1, "/?ms=1");
    await waitFor("two workers", () => server.workers.length === 2);
    assert.deepEqual(failuresOf(await load.stop()), []);
    await server.logged(/workers: \d+ to \d+ \(at most 16\): it was idle/);
  });

  it("do not grow while the workers compute", async () => {
    const least = availableParallelism();
    const args = ["--workers", `${least}:${least + 6}`];
    await using server = await startServer("spinning:app", { args });
    const load = startLoad(server, 4 * least, "/?ms=20");
    const until = performance.now() + 2500;
    await waitFor("some load", () => {
      assert.ok(!server.stderr.includes("workers: "), server.stderr);
      return performance.now() > until;
    });
    const outcomes = await load.stop();
    assert.deepEqual(failuresOf(outcomes), []);
    assert.ok(outcomes.length > 30, `${outcomes.length} requests`);
  });

  it("are taken back when they do not raise the throughput", async () => {
    await using server = await startServer("contended:app", { args: ["--workers", "2:16"] });
    const load = startLoad(server, 40, "/?ms=10");
    // They grow when the workers wait for each other, not for a processor: on a busy machine that takes its time.
    const text = /workers: \d+ to \d+ \(at most 16\): more did not raise the throughput/;
    await server.logged(text, 60_000);
    await waitFor("two workers", () => server.workers.length === 2);
    assert.deepEqual(failuresOf(await load.stop()), []);
  });

  it("keep the maximum and lose nothing when a reload comes while they grow", async () => {
    await using server = await startServer("napping:app", { args: ["--workers", "1:6"] });
    const load = startLoad(server, 30, "/?ms=50");
    for (let generation = 2; generation <= 4; generation++) {
      await waitFor("growth", () => server.workers.length > 3);
      server.signal("SIGHUP");
      await server.logged(`generation ${generation} serves`);
      await waitFor("the old ones to go", () => {
        // One that had not even started when its place was taken is killed, and may still be there.
        assert.ok(server.workers.length <= 7, `${server.workers.length} workers`);
        return server.zygotes.length === 1;
      });
    }
    assert.deepEqual(failuresOf(await load.stop()), []);
  });

  it("grow from the number that SIGTTIN sets, and never below it", async () => {
    const args = ["--workers", "1:8", "--worker-idle-timeout", "300ms"];
    await using server = await startServer("napping:app", { args });
    server.signal("SIGTTIN");
    await server.logged("workers at least: 2 (1 to 8");
    await waitFor("two workers", () => server.workers.length === 2);
    const outcomes = await burst(server, 60, "/?ms=50");
    assert.deepEqual(failuresOf(outcomes), []);
    await server.logged(/workers: 2 to \d/);
    await server.logged(/workers: \d to 2 .*: it was idle/);
    await waitFor("two workers", () => server.workers.length === 2);
    assert.equal((await get(server.port, "/?ms=0")).status, 200);
  });
});
