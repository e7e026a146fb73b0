import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { median, type Round, summarize, tableOf } from "./table.ts";

function round(server: string, requestsPerSecond: number, cpuUsPerRequest: number): Round {
  return {
    workload: "hello",
    server,
    requestsPerSecond,
    cpuUsPerRequest,
    p50Ms: 1,
    p99Ms: 2,
    errors: 1,
  };
}

const ROUNDS = [
  round("rickhouse", 100, 12),
  round("granian", 50, 16),
  round("granian, 4 threads", 60, 10),
  round("granian, 4 threads, batch", 90, 8),
  round("rickhouse", 200, 10),
  round("rickhouse", 120, 20),
];

describe("the table of a workload", () => {
  it("holds medians, and ratios to the better setting of the reference", () => {
    const lines = tableOf("hello", summarize(ROUNDS))
      .split("\n")
      .map((line) => line.split(/ {2,}/));
    assert.deepEqual(lines[1], [
      "rickhouse",
      "120",
      "2.00",
      "12.0",
      "1.20",
      "83 %",
      "1.00",
      "2.00",
      "3",
    ]);
    assert.deepEqual(lines[2]?.slice(0, 5), ["granian", "50", "0.83", "16.0", "1.60"]);
    assert.equal(lines.length, 5);
  });

  it("has no ratios without the reference, and no rows of other workloads", () => {
    const text = tableOf("hello", summarize([round("rickhouse", 1, 2)]));
    assert.match(text, /rickhouse\s+1\s+2\.0\s+0 %/);
    assert.equal(tableOf("flask", summarize(ROUNDS)).split("\n").length, 1);
  });
});

describe("median", () => {
  it("is the middle, or the mean of the two in the middle", () => {
    assert.equal(median([3, 1, 2]), 2);
    assert.equal(median([4, 1, 2, 3]), 2.5);
    assert.equal(Number.isNaN(median([])), true);
  });
});
