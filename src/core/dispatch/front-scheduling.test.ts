import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FrontScheduling } from "./front-scheduling.ts";

function second(scheduling: FrontScheduling, requests: number, runMs: number): boolean {
  for (let i = 0; i < requests; i++) scheduling.count(runMs);
  return scheduling.review(1);
}

describe("FrontScheduling", () => {
  it("goes over to batch when many short requests come", () => {
    const scheduling = new FrontScheduling();
    assert.equal(second(scheduling, 1999, 0.1), false);
    assert.equal(scheduling.policy, "other");
    assert.equal(second(scheduling, 2000, 0.1), true);
    assert.equal(scheduling.policy, "batch");
  });

  it("goes back when few come, and not for a small dip", () => {
    const scheduling = new FrontScheduling();
    second(scheduling, 5000, 0.1);
    assert.equal(second(scheduling, 1500, 0.1), false);
    assert.equal(second(scheduling, 999, 0.1), true);
    assert.equal(scheduling.policy, "other");
    assert.equal(second(scheduling, 1500, 0.1), false);
  });

  it("stays as it is for many long requests", () => {
    const scheduling = new FrontScheduling();
    assert.equal(second(scheduling, 3000, 5), false);
    assert.equal(scheduling.policy, "other");
  });

  it("does nothing without requests", () => {
    assert.equal(new FrontScheduling().review(1), false);
  });
});
