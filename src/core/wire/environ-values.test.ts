import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { EnvironValues } from "./environ-values.ts";
import { MARSHAL, textOf } from "./marshal.ts";

function environOf(entries: readonly (readonly [string, string])[]): Buffer {
  const bytes = entries.flatMap((entry) => entry.flatMap((text) => [...textOf(text)]));
  return Buffer.from([MARSHAL.dict, ...bytes, MARSHAL.null]);
}

function found(values: EnvironValues, environ: Buffer): string[] {
  return Array.from(values.starts, (start, index) =>
    environ.toString(values.isWide[index] === 0 ? "latin1" : "utf8", start, values.ends[index]),
  );
}

describe("EnvironValues", () => {
  const long = "y".repeat(70_000);
  const environ = environOf([
    ["A", "1"],
    ["B".repeat(300), "of a long key"],
    ["XX", "as long as a key that is looked for"],
    ["LATIN", "gr\xfcn"],
    ["LONG", long],
    ["ZZZ", "last"],
  ]);

  it("finds values in any order, and nothing where there is none", () => {
    const values = new EnvironValues(["ZZZ", "LONG", "LATIN", "AA", "NOTHERE"]);
    values.find(environ, 1);
    assert.deepEqual(found(values, environ), ["last", long, "gr\xfcn", "", ""]);
    values.find(environOf([["AA", "2"]]), 1);
    assert.deepEqual(found(values, environOf([["AA", "2"]])), ["", "", "", "2", ""]);
  });

  it("ends behind the last value that it looks for, and goes on from there", () => {
    const first = new EnvironValues(["A"]);
    first.find(environ, 1);
    const rest = new EnvironValues(["A", "ZZZ"]);
    rest.find(environ, first.end);
    assert.deepEqual(found(rest, environ), ["", "last"]);
  });

  it("tells keys apart by their length", () => {
    assert.throws(() => new EnvironValues(["AB", "CD"]), RangeError);
    assert.throws(() => new EnvironValues(["A".repeat(64)]), RangeError);
  });
});
