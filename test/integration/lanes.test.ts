// Slow requests leave a share of the workers to quick ones.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { failuresOf, numbered, runLoad } from "../support/load.ts";
import { get } from "../support/requests.ts";
import { startServer, waitFor } from "../support/server.ts";

describe("quick requests", () => {
  it("find a worker beside more slow ones than there are workers", async () => {
    await using server = await startServer("napping:app", { args: ["--workers", "4"] });
    const { port } = server;
    // What the routes cost is learnt first.
    assert.equal((await get(port, "/slow?ms=30")).status, 200);
    for (let run = 0; run < 5; run++) {
      assert.equal((await get(port, "/quick?ms=0")).status, 200);
    }
    let isOver = false;
    let served = 0;
    const quick = runLoad({
      port,
      clients: 2,
      method: "GET",
      pauseMs: 2,
      next: () => {
        served++;
        return isOver ? undefined : "/quick?ms=0";
      },
    });
    await waitFor("quick requests", () => served > 10);
    const slow = await runLoad({
      port,
      clients: 12,
      method: "GET",
      next: numbered(12, () => "/slow?ms=2000"),
    });
    isOver = true;
    const outcomes = await quick;
    assert.deepEqual(failuresOf([...slow, ...outcomes]), []);
    // Had the slow ones all workers, no quick one would be answered for 2 s, three times. A machine that stands still makes gaps without
    // quick requests, each of which may cost the two clients one such wait.
    assert.ok(outcomes.length > 300, `${outcomes.length} quick requests`);
    const late = outcomes.filter(({ latencyMs }) => latencyMs > 1000);
    const share = late.length / outcomes.length;
    assert.ok(
      share < 0.02,
      `${late.length} of ${outcomes.length} quick requests took more than 1 s`,
    );
  });
});
