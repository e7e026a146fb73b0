import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { chartOf } from "./chart.ts";
import { tooSlow } from "./gate.ts";
import { pageOf } from "./page.ts";
import { type Figures, median, type Round, rowsOf, summarize, tableOf } from "./table.ts";

function round(server: string, requestsPerSecond: number, cpuUsPerRequest: number): Round {
  const figures = { requestsPerSecond, cpuUsPerRequest, p50Ms: 1, p99Ms: 2, errors: 1 };
  return { workload: "hello", server, figures };
}

function half(server: string, figures: Figures): Round {
  return { workload: "half", server, figures };
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
    const lines = rowsOf("hello", summarize(ROUNDS));
    assert.deepEqual(lines[1], [
      "rickhouse",
      "120",
      "2.00",
      "12.0",
      "1.20",
      "1.00",
      "2.00",
      "1",
      "83 %",
    ]);
    assert.deepEqual(lines[2]?.slice(0, 5), ["granian", "50", "0.83", "16.0", "1.60"]);
    assert.equal(lines.length, 5);
  });

  it("has no ratios without the reference, and no rows of other workloads", () => {
    const [, row] = rowsOf("hello", summarize([round("rickhouse", 1, 2)]));
    assert.deepEqual(row, ["rickhouse", "1", "", "2.0", "", "1.00", "2.00", "1", "0 %"]);
    assert.match(tableOf("hello", summarize([round("rickhouse", 1, 2)])), /rickhouse {2,}1 .* 0 %/);
    assert.equal(tableOf("flask", summarize(ROUNDS)).split("\n").length, 1);
  });

  it("has the figures of its workload only, and a dash for a server without answers", () => {
    const figures = { seconds: 1.25, errors: 0 };
    const lines = rowsOf("burst", summarize([{ workload: "burst", server: "rickhouse", figures }]));
    assert.deepEqual(lines, [
      ["burst", "seconds", "errors", "spread"],
      ["rickhouse", "1.25", "0", "0 %"],
    ]);
    const silent = { workload: "hello", server: "waitress", figures: { requestsPerSecond: 0 } };
    assert.equal(rowsOf("hello", summarize([...ROUNDS, silent])).at(-1)?.[3], "-");
  });

  it("has what is kept as a median of rounds, and nothing where it is not known", () => {
    const rounds = [
      half("rickhouse", { requestsPerSecond: 10, keptPercent: 90 }),
      half("rickhouse", { requestsPerSecond: 30, keptPercent: 95 }),
      half("granian", { requestsPerSecond: 0 }),
    ];
    assert.deepEqual(rowsOf("half", summarize(rounds)), [
      ["half", "req/s", "ratio", "kept %", "spread"],
      ["rickhouse", "20", "", "93", "100 %"],
      ["granian", "0", "", "-", "-"],
    ]);
    assert.equal(JSON.stringify(summarize(rounds)).includes("null"), false);
  });
});

describe("the chart of a workload", () => {
  it("has a bar for each server, and names in which nothing is markup", () => {
    const rows = summarize([...ROUNDS, { workload: "hello", server: "<b>&", figures: {} }]);
    const svg = chartOf("Hello", rows);
    assert.equal(svg.match(/<rect/g)?.length, 5);
    assert.match(svg, /&lt;b>&amp;<\/text>/);
    assert.match(svg, /CPU us\/req, less is better/);
    assert.match(svg, /no answer/);
  });
});

describe("the page of a run", () => {
  it("names machine, versions and commands, and has a table for each workload", () => {
    const page = pageOf(
      {
        date: "2026-01-02T03:04:05Z",
        machine: { Processor: "2 x cpu" },
        versions: { granian: "2.8" },
        servers: [{ name: "rickhouse", command: "bin/rickhouse" }],
        settings: { seconds: 1, rounds: 3 },
        summaries: summarize(ROUNDS),
      },
      [{ name: "hello", title: "Hello", module: "", path: "", load: { kind: "memory" } }],
    );
    for (const text of [
      "| granian | 2.8 |",
      "| rickhouse | `bin/rickhouse` |",
      "3 rounds of 1 second, 2026-01-02.",
      "![Hello](benchmarks/hello.svg)",
      "| hello | req/s |",
    ])
      assert.ok(page.includes(text), text);
  });
});

describe("the gate", () => {
  it("lets usual ratios pass and names those that are too high, or missing", () => {
    const flask = ROUNDS.map((each) => ({ ...each, workload: "flask" }));
    assert.deepEqual(tooSlow([...ROUNDS, ...flask]), []);
    // The best rounds: 10 against 8 of the reference under a policy, 90 against the same.
    const slow = ROUNDS.map((one) =>
      one.server === "rickhouse" ? round("rickhouse", 1, 90) : one,
    );
    assert.match(tooSlow([...slow, ...flask]).join(), /^hello: 11\.25 times/);
    assert.match(tooSlow(ROUNDS).join(), /^flask: no figures/);
  });
});

describe("median", () => {
  it("is the middle, or the mean of the two in the middle", () => {
    assert.equal(median([3, 1, 2]), 2);
    assert.equal(median([4, 1, 2, 3]), 2.5);
    assert.equal(Number.isNaN(median([])), true);
  });
});
