// Workers and zygotes are killed under load, with full windows and withdrawals under way: what ran, ran once (design section 3, Death).

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { numbered, runLoad, type Outcome } from "../support/load.ts";
import { runsOf } from "../support/runs.ts";
import { startServer, waitFor, type ServerUnderTest } from "../support/server.ts";

const KILLS = 6;
const REQUESTS_BETWEEN = 400;

interface Load {
  /** How many requests were sent so far. */
  readonly sent: () => number;
  readonly outcomes: Promise<Outcome[]>;
}

/** POSTs, of which one among 50 is slow, so that there is something to withdraw. */
function startLoad(server: ServerUnderTest, count: number): Load {
  let sent = 0;
  const next = numbered(count, (index) => {
    sent = index;
    return `/work/${index}${index % 50 === 0 ? "?20" : ""}`;
  });
  const outcomes = runLoad({ port: server.port, clients: 32, method: "POST", next });
  return { sent: () => sent, outcomes };
}

/** Every request was answered by the one run that it had, or ended in 502 with at most one; at most `lost` of those. */
function assertOnce(server: ServerUnderTest, outcomes: readonly Outcome[], lost: number): void {
  const runs = runsOf(server);
  const ran = new Set(runs);
  assert.equal(ran.size, runs.length, "something ran twice");
  const failed = outcomes.filter(({ status }) => status !== 200);
  assert.deepEqual(
    failed.filter(({ status }) => status !== 502),
    [],
  );
  assert.ok(failed.length <= lost, `${failed.length} requests were lost to ${lost} deaths`);
  for (const { target, status, body } of outcomes) {
    const path = target.split("?")[0] ?? "";
    if (status !== 200) continue;
    assert.equal(body, path);
    assert.ok(ran.has(path.slice("/work/".length)), `${path} was answered and never ran`);
  }
}

describe("under load", () => {
  it("a killed worker costs at most the request that it ran", async () => {
    await using server = await startServer("counting:app", { args: ["--workers", "3"] });
    const count = (KILLS + 1) * REQUESTS_BETWEEN;
    const load = startLoad(server, count);
    for (let kill = 1; kill <= KILLS; kill++) {
      await waitFor("requests", () => load.sent() >= kill * REQUESTS_BETWEEN);
      const [victim] = await waitFor("a worker", () => server.workers.length > 0 && server.workers);
      process.kill(victim ?? 0, "SIGKILL");
    }
    const outcomes = await load.outcomes;
    assert.equal(outcomes.length, count);
    assertOnce(server, outcomes, KILLS);
  });

  it("a killed zygote costs at most what ran in the workers whose ledger is lost", async () => {
    await using server = await startServer("counting:app", { args: ["--workers", "3"] });
    const count = 4 * REQUESTS_BETWEEN;
    const load = startLoad(server, count);
    for (let kill = 1; kill <= 3; kill++) {
      await waitFor("requests", () => load.sent() >= kill * REQUESTS_BETWEEN);
      const [victim] = await waitFor("a zygote", () => server.zygotes.length > 0 && server.zygotes);
      process.kill(victim ?? 0, "SIGKILL");
    }
    const outcomes = await load.outcomes;
    assert.equal(outcomes.length, count);
    assertOnce(server, outcomes, 3 * 3);
  });
});
