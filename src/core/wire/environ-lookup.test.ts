import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { environKey, environValue } from "./environ-lookup.ts";
import { writeU32 } from "./frame.ts";
import { MARSHAL, textOf } from "./marshal.ts";

const isApart = (index: number): boolean => index % 2 === 0;

/** Every second value stands in the shape. */
function environOf(entries: readonly (readonly [string, string])[]): Uint8Array {
  const values = entries.filter((_, index) => isApart(index)).map(([, value]) => textOf(value));
  const shape = entries.map(([key, value], index) =>
    isApart(index) ? [...textOf(key), MARSHAL.none] : [...textOf(key), ...textOf(value)],
  );
  return environFrom(values, shape);
}

function environFrom(
  values: readonly Iterable<number>[],
  shape: readonly Iterable<number>[],
): Uint8Array {
  const tuple = [MARSHAL.tuple, values.length, 0, 0, 0, ...values.flatMap((text) => [...text])];
  const dict = [MARSHAL.dict, ...shape.flatMap((entry) => [...entry]), MARSHAL.null];
  const bytes = Uint8Array.from([0, 0, 0, 0, ...tuple, ...dict]);
  writeU32(bytes, 0, tuple.length);
  return bytes;
}

describe("environValue", () => {
  const long = "y".repeat(70_000);
  const environ = environOf([
    ["A", "1"],
    ["LONG", long],
    ["LATIN", "gr\xfcn"],
    ["B".repeat(300), "of a long key"],
    ["EMPTY", ""],
    ["LAST", "z"],
  ]);

  for (const [key, value] of [
    ["A", "1"],
    ["LONG", long],
    ["LATIN", "gr\xfcn"],
    ["B".repeat(300), "of a long key"],
    ["EMPTY", ""],
    ["LAST", "z"],
    ["LOST", ""],
    ["AA", ""],
  ] as const) {
    it(`finds ${key.slice(0, 10)}`, () => {
      assert.equal(environValue(environ, environKey(key)), value);
      assert.equal(environValue(Buffer.from(environ), environKey(key)), value);
    });
  }

  it("steps over references", () => {
    const remembered = [...textOf("/x")];
    remembered[0] = (remembered[0] ?? 0) | MARSHAL.flagRef;
    const reference = [MARSHAL.reference, 0, 0, 0, 0];
    const keys = ["U", "R", "C"].map((key) => [...textOf(key), MARSHAL.none]);
    const bytes = environFrom([remembered, reference, textOf("3")], keys);
    assert.equal(environValue(bytes, environKey("U")), "/x");
    assert.equal(environValue(bytes, environKey("C")), "3");
  });

  it("finds nothing where a value is still to come", () => {
    const keys = ["U", "C"].map((key) => [...textOf(key), MARSHAL.none]);
    assert.equal(environValue(environFrom([textOf("/x")], keys), environKey("C")), "");
  });
});
