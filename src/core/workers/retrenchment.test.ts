import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Retrenchment } from "./retrenchment.ts";

const IDLE_MS = 60_000;

describe("Retrenchment", () => {
  it("has nothing to do while there are no more workers than the least", () => {
    const retrenchment = new Retrenchment(IDLE_MS);
    assert.equal(retrenchment.dueAt, Infinity);
    retrenchment.resized(2, 2, 0);
    assert.equal(retrenchment.dueAt, Infinity);
  });

  it("gives up one worker that was idle for the whole time, the next ones sooner", () => {
    const retrenchment = new Retrenchment(IDLE_MS);
    retrenchment.resized(4, 2, 1000);
    assert.equal(retrenchment.dueAt, 61_000);
    assert.equal(retrenchment.review({ now: 61_000, target: 4, least: 2, leastIdle: 2 }), 3);
    assert.equal(retrenchment.dueAt, 67_000);
    assert.equal(retrenchment.review({ now: 67_000, target: 3, least: 2, leastIdle: 1 }), 2);
    assert.equal(retrenchment.dueAt, Infinity);
  });

  it("keeps all when all were needed once, and looks again after the whole time", () => {
    const retrenchment = new Retrenchment(IDLE_MS);
    retrenchment.resized(4, 2, 0);
    assert.equal(retrenchment.review({ now: 60_000, target: 4, least: 2, leastIdle: 0 }), 4);
    assert.equal(retrenchment.dueAt, 120_000);
  });

  it("begins anew when the number was changed, and never goes below the least", () => {
    const retrenchment = new Retrenchment(IDLE_MS);
    retrenchment.resized(4, 2, 0);
    retrenchment.resized(8, 2, 50_000);
    assert.equal(retrenchment.dueAt, 110_000);
    assert.equal(retrenchment.review({ now: 110_000, target: 8, least: 8, leastIdle: 8 }), 8);
    assert.equal(retrenchment.dueAt, Infinity);
  });
});
