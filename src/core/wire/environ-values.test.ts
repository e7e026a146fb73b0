import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { EnvironValues } from "./environ-values.ts";
import { MARSHAL, textOf } from "./marshal.ts";

/** The first, third, fifth... value stands apart from the shape. */
function environOf(entries: readonly (readonly [string, string])[]): Buffer {
  const values = entries.filter((_, index) => index % 2 === 0).map(([, value]) => textOf(value));
  const shape = entries.flatMap(([key, value], index) =>
    index % 2 === 0 ? [...textOf(key), MARSHAL.none] : [...textOf(key), ...textOf(value)],
  );
  const tuple = [MARSHAL.tuple, values.length, 0, 0, 0, ...values.flatMap((text) => [...text])];
  const bytes = Buffer.from([0, 0, 0, 0, ...tuple, MARSHAL.dict, ...shape, MARSHAL.null]);
  bytes.writeUInt32LE(tuple.length, 0);
  return bytes;
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
    values.find(environ);
    assert.deepEqual(found(values, environ), ["last", long, "gr\xfcn", "", ""]);
    values.find(environOf([["AA", "2"]]));
    assert.deepEqual(found(values, environOf([["AA", "2"]])), ["", "", "", "2", ""]);
  });

  it("tells keys apart by their length", () => {
    assert.throws(() => new EnvironValues(["AB", "CD"]), RangeError);
    assert.throws(() => new EnvironValues(["A".repeat(64)]), RangeError);
  });
});
