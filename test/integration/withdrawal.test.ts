// Windows and withdrawal (design section 3) through the whole server. RICKHOUSE_TEST_WITHDRAWAL says how many requests: 100000 is worth
// while after a change to the ledger, the wire or the dispatcher.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { failuresOf, runLoad } from "../support/load.ts";
import { runsOf } from "../support/runs.ts";
import { startServer } from "../support/server.ts";

const REQUESTS = Number(process.env["RICKHOUSE_TEST_WITHDRAWAL"] ?? "20000");
const QUICK_CLIENTS = 48;
const SLOW_MS = 8;
const SLOWEST_MS = 1000;
const ONE_SLOWEST_AMONG = 6;

/** `slowClients` of the clients send slow requests, one after the other, until the quick ones are through. */
function makeTargets(
  quickCount: number,
  slowClients: number,
): (client: number) => string | undefined {
  let quick = 0;
  let slow = 0;
  return (client) => {
    if (quick >= quickCount) return undefined;
    if (client >= slowClients) return `/work/${quick++}`;
    slow++;
    // One route for all: nothing tells beforehand which one will be slow, so others stand behind it.
    return `/work/${quickCount + slow}?${slow % ONE_SLOWEST_AMONG === 0 ? SLOWEST_MS : SLOW_MS}`;
  };
}

describe("slow requests among many quick ones", () => {
  for (const workers of [2, 3]) {
    it(`${workers} workers: nothing runs twice or is lost, no quick request waits behind a slow one`, async () => {
      await using server = await startServer("counting:app", { args: ["--workers", `${workers}`] });
      const quickCount = REQUESTS / 2;
      const slowClients = workers - 1; // One worker is always free for the quick ones.
      const outcomes = await runLoad({
        port: server.port,
        clients: slowClients + QUICK_CLIENTS,
        method: "POST",
        next: makeTargets(quickCount, slowClients),
      });
      assert.deepEqual(failuresOf(outcomes), []);
      for (const { target, body } of outcomes) assert.equal(body, target.split("?")[0]);
      const runs = runsOf(server);
      assert.equal(runs.length, outcomes.length, "runs");
      assert.equal(new Set(runs).size, outcomes.length, "different runs");
      const quick = outcomes.filter(({ target }) => !target.includes("?"));
      assert.equal(quick.length, quickCount);
      // When the machine stands still, all are late, and none is overtaken.
      const late = quick.filter(
        ({ latencyMs, overtakenBy }) =>
          latencyMs > 0.8 * SLOWEST_MS && overtakenBy > 8 * QUICK_CLIENTS,
      );
      assert.deepEqual(late, []);
    });
  }
});
