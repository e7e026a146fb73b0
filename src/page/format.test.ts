import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { bytesText, clockText, countText, momentText, timeText } from "./format.ts";
import { roundAbove } from "./scales.ts";

describe("timeText", () => {
  for (const [seconds, text] of [
    [0, "0 ms"],
    [0.00042, "0.4 ms"],
    [0.0123, "12 ms"],
    [0.999, "999 ms"],
    [0.9996, "1.0 s"],
    [3.25, "3.3 s"],
    [59.99, "60 s"],
    [60, "1 min 0 s"],
    [250, "4 min 10 s"],
    [7500, "2 h 5 min"],
    [273_600, "3 d 4 h"],
  ] as const) {
    it(`${seconds} s: ${text}`, () => assert.equal(timeText(seconds), text));
  }
});

describe("momentText", () => {
  it("has the day where that is another", () => {
    const now = new Date(2026, 2, 1, 0, 30).getTime();
    const before = now - 3_600_000;
    assert.equal(momentText(now - 60_000, now), clockText(now - 60_000));
    assert.equal(momentText(before, now), "28 Feb 2026, 23:30:00");
  });
});

describe("countText", () => {
  for (const [value, text] of [
    [0, "0"],
    [0.25, "0.3"],
    [3, "3"],
    [12.4, "12"],
    [1234.5, "1,235"],
  ] as const) {
    it(`${value}: ${text}`, () => assert.equal(countText(value), text));
  }
});

describe("bytesText", () => {
  for (const [value, text] of [
    [0, "0 B"],
    [1023, "1023 B"],
    [1536, "1.5 KiB"],
    [45 * 1024 * 1024, "45 MiB"],
  ] as const) {
    it(`${value}: ${text}`, () => assert.equal(bytesText(value), text));
  }
});

describe("roundAbove", () => {
  for (const [value, top] of [
    [10, 10],
    [11, 20],
    [21, 25],
    [26, 50],
    [501, 1000],
    [2, 2],
  ] as const) {
    it(`${value}: ${top}`, () => assert.equal(roundAbove(value), top));
  }
});
