import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { GOALS, goalRows } from "./goals.ts";
import type { Figures, Summary } from "./table.ts";

function summary(workload: string, server: string, figures: Figures): Summary {
  return { workload, server, figures, rounds: 1, spread: 0 };
}

function rowOf(summaries: readonly Summary[], start: string): string[] | undefined {
  return goalRows(summaries).find(([what]) => what?.startsWith(start));
}

function helloAgainstGranian(own: number): string[] | undefined {
  return rowOf(
    [
      summary("hello", "rickhouse", { cpuUsPerRequest: own }),
      summary("hello", "granian", { cpuUsPerRequest: 14 }),
      summary("hello", "granian, 4 threads", { cpuUsPerRequest: 10 }),
      summary("hello", "granian, 4 threads, batch", { cpuUsPerRequest: 1 }),
    ],
    "hello",
  );
}

describe("the goals of a full run", () => {
  it("hold CPU against the better setting of the reference, and see each of three verdicts", () => {
    const begin = ["hello: CPU per request, of Granian's better setting", "1.10 x", "1.00 x"];
    assert.deepEqual(helloAgainstGranian(11.5), [...begin, "1.15 x", "missed"]);
    assert.deepEqual(helloAgainstGranian(10.5), [...begin, "1.05 x", "reached"]);
    assert.deepEqual(helloAgainstGranian(9), [...begin, "0.90 x", "stretch reached"]);
  });

  it("leave bjoern out of requests per second, and count it for the 99th percentile", () => {
    const run = [
      summary("flask", "rickhouse", { requestsPerSecond: 110, p99Ms: 6 }),
      summary("flask", "granian", { requestsPerSecond: 100, p99Ms: 9 }),
      summary("flask", "bjoern", { requestsPerSecond: 200, p99Ms: 5 }),
    ];
    assert.deepEqual(rowOf(run, "flask: requests/s")?.slice(3), ["1.10 x", "stretch reached"]);
    assert.deepEqual(rowOf(run, "flask: p99")?.slice(3), ["1.20 x", "missed"]);
  });

  it("hold nothing against a peer under a scheduling policy of ours", () => {
    const run = [
      summary("flask", "rickhouse", { requestsPerSecond: 110, p99Ms: 6 }),
      summary("flask", "uwsgi", { requestsPerSecond: 100, p99Ms: 6 }),
      summary("flask", "uwsgi, batch", { requestsPerSecond: 200, p99Ms: 3 }),
      summary("flask", "bjoern, batch", { requestsPerSecond: 300, p99Ms: 2 }),
      summary("close", "rickhouse", { requestsPerSecond: 90 }),
      summary("close", "granian", { requestsPerSecond: 100 }),
      summary("close", "granian, batch", { requestsPerSecond: 200 }),
      summary("start", "rickhouse", { startMs: 250 }),
      summary("start", "gunicorn sync, batch", { startMs: 50 }),
      summary("start", "gunicorn sync", { startMs: 180 }),
    ];
    assert.equal(rowOf(run, "flask: requests/s")?.[3], "1.10 x");
    assert.equal(rowOf(run, "flask: p99")?.[3], "1.00 x");
    assert.equal(rowOf(run, "Connection: close")?.[3], "0.90 x");
    assert.equal(rowOf(run, "start")?.[3], "70 ms");
  });

  it("take what is kept from the rounds in which it was measured, not from another workload", () => {
    const figures = { requestsPerSecond: 184, keptPercent: 92 };
    const run = [
      summary("hello", "rickhouse", { requestsPerSecond: 100 }),
      summary("mixed-16", "rickhouse", figures),
      summary("idle-4000", "rickhouse", figures),
      summary("half-400", "rickhouse", figures),
    ];
    const sleeping = rowOf(run, "16 fast beside 16 that sleep: requests/s kept");
    assert.deepEqual(sleeping?.slice(3), ["92 %", "stretch reached"]);
    assert.deepEqual(rowOf(run, "4,000 idle")?.slice(3), ["92 %", "reached"]);
    assert.deepEqual(rowOf(run, "400 half-sent")?.slice(3), ["92 %", "missed"]);
  });

  it("say nothing of what there is no peer or no load to hold against", () => {
    const run = [
      summary("close", "rickhouse", { requestsPerSecond: 9 }),
      summary("close", "granian", { requestsPerSecond: 0 }),
      summary("idle-4000", "rickhouse", { requestsPerSecond: 0 }),
    ];
    assert.equal(goalRows(run).length, 1);
  });

  it("say nothing of what was not measured", () => {
    assert.equal(goalRows([]).length, 1);
    const alone = [summary("hello", "rickhouse", { cpuUsPerRequest: 12, requestsPerSecond: 9 })];
    assert.equal(
      goalRows([...alone, summary("close", "rickhouse", { requestsPerSecond: 9 })]).length,
      1,
    );
    assert.ok(GOALS.length > 20);
  });
});
