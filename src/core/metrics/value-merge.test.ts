import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { exposition } from "./exposition.ts";
import { ValueMerge, type ProcessValues, type ValueType } from "./value-merge.ts";

function values(
  pid: number,
  type: ValueType,
  mode: string,
  samples: readonly (readonly [string, number, Record<string, string>?, number?])[],
): ProcessValues {
  return {
    type,
    mode,
    pid,
    values: samples.map(([sample, value, labels = {}, timestamp = 0]) => ({
      key: JSON.stringify(["m", sample, labels, "Help."]),
      value,
      timestamp,
    })),
  };
}

function lines(merge: ValueMerge, ...living: readonly ProcessValues[]): string[] {
  return exposition(merge.families(living)).split("\n").slice(1, -1);
}

describe("ValueMerge", () => {
  it("sums counters over processes, those that are gone included", () => {
    const merge = new ValueMerge();
    const one = values(1, "counter", "", [["m_total", 2, { a: "x" }]]);
    const two = values(2, "counter", "", [["m_total", 3, { a: "x" }]]);
    assert.deepEqual(lines(merge, one, two), ["# TYPE m_total counter", 'm_total{a="x"} 5']);
    merge.keep(one);
    assert.deepEqual(lines(merge, two).at(-1), 'm_total{a="x"} 5');
    assert.deepEqual(lines(merge, two).at(-1), 'm_total{a="x"} 5', "counted again");
    merge.keep(two);
    assert.deepEqual(lines(merge).at(-1), 'm_total{a="x"} 5');
  });

  it("sums histograms bucket by bucket, and shows them cumulatively", () => {
    const merge = new ValueMerge();
    const one = values(1, "histogram", "", [
      ["m_sum", 1.5],
      ["m_bucket", 1, { le: "+Inf" }],
      ["m_bucket", 2, { le: "10.0" }],
      ["m_bucket", 4, { le: "9.0" }],
    ]);
    assert.deepEqual(lines(merge, one, { ...one, pid: 2 }), [
      "# TYPE m histogram",
      'm_bucket{le="9.0"} 8',
      'm_bucket{le="10.0"} 12',
      'm_bucket{le="+Inf"} 14',
      "m_sum 3",
      "m_count 14",
    ]);
  });

  it("sums summaries", () => {
    const one = values(1, "summary", "", [
      ["m_count", 2],
      ["m_sum", 7],
    ]);
    const two = { ...one, pid: 2 };
    assert.deepEqual(lines(new ValueMerge(), one, two).slice(1), ["m_count 4", "m_sum 14"]);
  });

  for (const [mode, living, afterwards] of [
    ["sum", "m 7", "m 7"],
    ["livesum", "m 7", "m 4"],
    ["min", "m 3", "m 3"],
    ["livemin", "m 3", "m 4"],
    ["max", "m 4", "m 4"],
    ["mostrecent", "m 3", "m 3"],
    ["livemostrecent", "m 3", "m 4"],
    ["liveall", 'm{pid="1"} 3,m{pid="2"} 4', 'm{pid="2"} 4'],
    ["all", 'm{pid="1"} 3,m{pid="2"} 4', 'm{pid="2"} 4'],
  ] as const) {
    it(`merges gauges of the mode ${mode}`, () => {
      const merge = new ValueMerge();
      const one = values(1, "gauge", mode, [["m", 3, {}, 200]]);
      const two = values(2, "gauge", mode, [["m", 4, {}, 100]]);
      assert.equal(lines(merge, one, two).slice(1).join(","), living);
      merge.keep(one);
      assert.equal(lines(merge, two).slice(1).join(","), afterwards);
    });
  }

  it("is told apart by names and labels, not by the help, which a reload may change", () => {
    const merge = new ValueMerge();
    const one = values(1, "counter", "", [["m_total", 2, { a: "x", b: "y" }]]);
    merge.keep(one);
    const key = JSON.stringify(["m", "m_total", { b: "y", a: "x" }, "Other help."]);
    const two = { ...one, pid: 2, values: [{ key, value: 3, timestamp: 0 }] };
    assert.deepEqual(
      exposition(merge.families([two]))
        .split("\n")
        .slice(0, 3),
      ["# HELP m_total Other help.", "# TYPE m_total counter", 'm_total{b="y",a="x"} 5'],
    );
  });

  it("shows a gauge of another mode, and what was a counter, as it is now", () => {
    const merge = new ValueMerge();
    merge.keep(values(1, "gauge", "sum", [["m", 3]]));
    merge.keep(values(1, "counter", "", [["m_total", 3]]));
    const max = values(2, "gauge", "max", [["m", 4]]);
    assert.deepEqual(lines(merge, max), ["# TYPE m gauge", "m 4"]);
    merge.keep(max);
    assert.deepEqual(lines(merge), ["# TYPE m gauge", "m 4"], "nobody lives");
  });

  it("shows names that the format does not know as the client does, and leaves out what is no key", () => {
    const one = values(1, "counter", "", []);
    const sample = "1http.requests_total";
    const dotted = JSON.stringify(["1http.requests", sample, { "user.id": "a.b" }, ""]);
    const stored = ["no JSON", "{}", "[]", dotted].map((key) => ({ key, value: 1, timestamp: 0 }));
    assert.deepEqual(lines(new ValueMerge(), { ...one, values: stored }).slice(1), [
      '_http_requests_total{user_id="a.b"} 1',
    ]);
  });
});
