import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { exposition, histogramSamples } from "./exposition.ts";
import { Histogram } from "./histogram.ts";

describe("exposition", () => {
  it("writes head, labels and values", () => {
    const text = exposition([
      {
        name: "requests_total",
        type: "counter",
        help: "All of\nthem \\o/.",
        samples: [
          { value: 3, labels: { code: 200, path: 'a "b"\\\n' } },
          { value: Infinity },
          { value: Number.NaN, suffix: "_x" },
        ],
      },
      { name: "empty", type: "gauge", help: "Nothing.", samples: [] },
    ]);
    assert.equal(
      text,
      "# HELP requests_total All of\\nthem \\\\o/.\n" +
        "# TYPE requests_total counter\n" +
        'requests_total{code="200",path="a \\"b\\"\\\\\\n"} 3\n' +
        "requests_total +Inf\n" +
        "requests_total_x NaN\n" +
        "# HELP empty Nothing.\n" +
        "# TYPE empty gauge\n",
    );
  });

  it("writes a histogram cumulatively, in its unit", () => {
    const histogram = new Histogram([0.5, 2.5]);
    for (const ms of [0.1, 1, 2, 1000]) histogram.observe(ms);
    const text = exposition([
      {
        name: "t_seconds",
        type: "histogram",
        help: "",
        samples: histogramSamples(histogram, 0.001),
      },
    ]);
    assert.deepEqual(text.split("\n").slice(2), [
      't_seconds_bucket{le="0.0005"} 1',
      't_seconds_bucket{le="0.0025"} 3',
      't_seconds_bucket{le="+Inf"} 4',
      "t_seconds_sum 1.0031",
      "t_seconds_count 4",
      "",
    ]);
  });
});
