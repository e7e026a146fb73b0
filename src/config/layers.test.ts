import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  describeGiven,
  describeOrigin,
  flagLayer,
  type Layer,
  mergeLayers,
  type Origin,
} from "./layers.ts";

const FLAG: Origin = { kind: "flag", flag: "--threads" };
const VARIABLE: Origin = { kind: "variable", variable: "RICKHOUSE_THREADS" };
const FILE: Origin = { kind: "file", path: "a/b.toml", line: 3, key: "threads" };

describe("mergeLayers", () => {
  const upper: Layer = new Map([
    ["threads", { texts: ["2"], origin: FLAG }],
    ["bind", { texts: [":1"], origin: FLAG }],
  ]);
  const lower: Layer = new Map([
    ["threads", { texts: ["3"], origin: FILE }],
    ["bind", { texts: [":2", ":3"], origin: FILE }],
    ["backlog", { texts: ["4"], origin: FILE }],
  ]);

  it("lets the first layer decide, the whole of a list too", () => {
    const merged = mergeLayers([upper, lower]);
    assert.deepEqual(merged.get("threads"), { texts: ["2"], origin: FLAG });
    assert.deepEqual(merged.get("bind")?.texts, [":1"]);
    assert.deepEqual(merged.get("backlog")?.origin, FILE);
  });
});

describe("flagLayer", () => {
  it("names the long flag", () => {
    assert.deepEqual(flagLayer(new Map([["threads", ["2", "3"]]])).get("threads"), {
      texts: ["2", "3"],
      origin: FLAG,
    });
  });
});

describe("an origin in words", () => {
  it("is what the user wrote", () => {
    assert.equal(describeGiven(FLAG, "0"), "--threads 0");
    assert.equal(describeGiven(FLAG, ""), '--threads ""');
    assert.equal(describeGiven(VARIABLE, "0"), "RICKHOUSE_THREADS=0");
    assert.equal(describeGiven(FILE, "0"), "a/b.toml:3: threads 0");
    assert.equal(describeGiven({ ...FILE, line: undefined }, "0"), "a/b.toml: threads 0");
    assert.equal(describeOrigin(VARIABLE), "RICKHOUSE_THREADS");
  });
});
