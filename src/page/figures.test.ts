import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { bandsOf, Recent, SPAN_MS, WINDOW_MS } from "./figures.ts";
import { histogram, snapshot } from "../../test/support/sample-snapshot.ts";

describe("bandsOf", () => {
  const before = histogram([5, 0, 0, 0]);

  it("has none where nothing came", () => assert.equal(bandsOf(before, before), undefined));

  it("stands in the bucket of the rank, as far as the rank does", () => {
    // 100 values of 1 to 10 ms beside what was there before.
    const bands = bandsOf(before, histogram([5, 100, 0, 0]));
    assert.deepEqual(bands, { p50: 0.0055, p90: 0.0091, p99: 0.00991, most: 0.1 });
  });

  it("tells slow ones apart", () => {
    const bands = bandsOf(before, histogram([5 + 95, 0, 5, 0]));
    assert.ok(bands !== undefined && bands.p90 < 0.001 && bands.p99 > 0.01);
  });

  it("tells of what is beyond the last bound no more than that", () => {
    const bands = bandsOf(before, histogram([5, 3, 0, 7]));
    assert.deepEqual([bands?.p50, bands?.p99, bands?.most], [Infinity, Infinity, 0.1]);
  });
});

describe("Recent", () => {
  it("makes rates of what counts since the start", () => {
    const recent = new Recent();
    recent.add(snapshot(1000, { byStatus: { 200: 100, 404: 3 } }));
    assert.equal(recent.points.length, 0);
    recent.add(snapshot(3000, { byStatus: { 200: 140, 404: 5, 502: 4 } }));
    const [point] = recent.points;
    assert.deepEqual([point?.since, point?.at], [1000, 3000]);
    assert.deepEqual([point?.requests, point?.clientErrors, point?.serverErrors], [23, 1, 2]);
  });

  it("begins anew with another server, whose counts are smaller", () => {
    const recent = new Recent();
    recent.add(snapshot(1000, { byStatus: { 200: 100 } }));
    recent.add(snapshot(2000, { byStatus: { 200: 110 } }));
    recent.add(snapshot(5000, { byStatus: { 200: 1 }, startedAt: "later" }));
    recent.add(snapshot(6000, { byStatus: { 200: 3 }, startedAt: "later" }));
    assert.deepEqual(
      recent.points.map(({ since, at, requests }) => [since, at, requests]),
      [
        [1000, 2000, 10],
        [5000, 6000, 2],
      ],
    );
  });

  it("does not take one snapshot twice, nor one that comes just behind another", () => {
    const recent = new Recent();
    for (const at of [1000, 2000, 2000, 1600, 2499]) recent.add(snapshot(at));
    assert.equal(recent.points.length, 1);
  });

  it("draws on when the server's clock was put back", () => {
    const recent = new Recent();
    for (const at of [98_000, 99_000, 100_000, 98_500, 99_500]) recent.add(snapshot(at));
    assert.deepEqual(
      recent.points.map(({ since, at }) => [since, at]),
      [[98_500, 99_500]],
    );
  });

  it("tells latency of the window alone", () => {
    const recent = new Recent();
    recent.add(snapshot(0, { applicationTime: [0, 0, 0, 0] }));
    recent.add(snapshot(1000, { applicationTime: [0, 0, 9, 0] }));
    recent.add(snapshot(WINDOW_MS, { applicationTime: [0, 0, 9, 0] }));
    assert.notEqual(recent.points.at(-1)?.applicationTime, undefined);
    recent.add(snapshot(WINDOW_MS + 1000, { applicationTime: [0, 0, 9, 0] }));
    assert.equal(recent.points.at(-1)?.applicationTime, undefined);
  });

  it("does not count what came while nobody looked as latency of now", () => {
    const recent = new Recent();
    recent.add(snapshot(0, { applicationTime: [0, 0, 0, 0] }));
    recent.add(snapshot(WINDOW_MS * 9, { applicationTime: [0, 0, 9, 0] }));
    assert.equal(recent.points.length, 1);
    recent.add(snapshot(WINDOW_MS * 9 + 1000, { applicationTime: [0, 0, 9, 0] }));
    assert.equal(recent.points.at(-1)?.applicationTime, undefined);
  });

  it("forgets what is older than the span", () => {
    const recent = new Recent();
    for (let at = 0; at <= SPAN_MS * 2; at += 1000) recent.add(snapshot(at));
    assert.equal(recent.points.length, SPAN_MS / 1000 + 1);
  });
});
