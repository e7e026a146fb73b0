import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Histogram, TIME_BOUNDS_MS } from "./histogram.ts";

describe("Histogram", () => {
  it("counts a value in the first bucket whose bound is not below it", () => {
    const histogram = new Histogram([1, 10, 100]);
    for (const value of [0, 1, 1.001, 10, 99, 100, 101, 1e9]) histogram.observe(value);
    assert.deepEqual([...histogram.counts], [2, 2, 2, 2]);
    assert.equal(histogram.count, 8);
    assert.equal(histogram.sum, 0 + 1 + 1.001 + 10 + 99 + 100 + 101 + 1e9);
  });

  it("has ascending bounds for times", () => {
    assert.deepEqual(
      [...TIME_BOUNDS_MS].toSorted((a, b) => a - b),
      TIME_BOUNDS_MS,
    );
  });

  it("tells times beyond the usual time-outs apart", () => {
    const histogram = new Histogram(TIME_BOUNDS_MS);
    for (const seconds of [31, 61, 121, 301]) histogram.observe(seconds * 1000);
    assert.deepEqual([...histogram.counts].slice(-4), [1, 1, 1, 1]);
  });
});
