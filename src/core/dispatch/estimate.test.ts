import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { RUN_CAP_MS, RunEstimates } from "./estimate.ts";

describe("RunEstimates", () => {
  it("expects the worst before anything ran", () => {
    assert.equal(new RunEstimates().of(1), RUN_CAP_MS);
  });

  it("takes the first run of a route as its estimate, and of the application for other routes", () => {
    const estimates = new RunEstimates();
    estimates.record(1, 0.4);
    assert.equal(estimates.of(1), 0.4);
    assert.equal(estimates.of(2), 0.4);
  });

  it("starts a new route from what the application costs on the whole", () => {
    const estimates = new RunEstimates();
    for (let run = 0; run < 1000; run++) estimates.record(run % 2, run % 2 === 0 ? 1 : 3);
    const start = estimates.of(77);
    assert.ok(start > 1.8 && start < 2.2, `${start}`);
  });

  it("follows a route by an eighth of the difference", () => {
    const estimates = new RunEstimates();
    estimates.record(1, 1);
    estimates.record(1, 9);
    assert.equal(estimates.of(1), 2);
  });

  it("counts one run for at most 20 ms, so that a quick route recovers soon", () => {
    const estimates = new RunEstimates();
    estimates.record(1, 0.1);
    estimates.record(1, 60_000);
    assert.ok(estimates.of(1) < 3);
    for (let run = 0; run < 10; run++) estimates.record(1, 0.1);
    assert.ok(estimates.of(1) < 1);
  });

  it("knows a route whose run took no measurable time", () => {
    const estimates = new RunEstimates();
    estimates.record(1, 10);
    estimates.record(2, 0);
    assert.ok(estimates.of(2) > 0);
    assert.ok(estimates.of(2) < 0.01);
  });

  it("takes any 32-bit hash, and shares a slot between some", () => {
    const estimates = new RunEstimates();
    for (const route of [0, -1, 0xffffffff, 0x80000000]) {
      estimates.record(route, 5);
      assert.equal(estimates.of(route), 5);
    }
    // 4096 slots: these two differ by one turn of the table.
    estimates.record(123, 1);
    assert.equal(estimates.of(123 + 4096), estimates.of(123));
  });
});
