import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { NOT_STARTED } from "../dispatch/request.ts";
import { Figures } from "./figures.ts";

describe("Figures", () => {
  it("counts requests by status, and names only those that occurred", () => {
    const figures = new Figures();
    for (const status of [200, 503, 200, 499]) figures.requestOver(status);
    assert.deepEqual(figures.statuses(), [
      [200, 2],
      [499, 1],
      [503, 1],
    ]);
  });

  it("does not break on a status that nobody should send", () => {
    const figures = new Figures();
    figures.requestOver(100_000);
    assert.deepEqual(figures.statuses(), []);
  });

  it("times what no worker answers: the waiting, and the run of what ran", () => {
    const figures = new Figures();
    const sums = (): number[][] =>
      [figures.queueTime, figures.applicationTime].map(({ count, sum }) => [count, sum]);
    figures.gaveUp({ queuedAt: 10, startedAt: NOT_STARTED }, "queue-timeout", 40);
    assert.deepEqual(sums(), [
      [1, 30],
      [0, 0],
    ]);
    figures.gaveUp({ queuedAt: 10, startedAt: 20 }, "client-gone", 40);
    assert.deepEqual(sums(), [
      [1, 30],
      [0, 0],
    ]);
    for (const why of ["request-timeout", "worker-died", "memory-limit"] as const)
      figures.gaveUp({ queuedAt: 10, startedAt: 15 }, why, 115);
    assert.deepEqual(sums(), [
      [4, 45],
      [3, 300],
    ]);
  });

  it("the processor time of all workers, which never falls", () => {
    const figures = new Figures();
    assert.equal(figures.cpuSeconds(2, 1), 3);
    assert.equal(figures.cpuSeconds(0, 1), 3, "one has gone, and its exit is not known yet");
    assert.equal(figures.cpuSeconds(0.5, 3), 3.5);
  });
});
