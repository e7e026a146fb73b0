import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { environKey, environValue } from "./environ-lookup.ts";
import { MARSHAL, textOf } from "./marshal.ts";

function environOf(entries: readonly (readonly [string, string])[]): Uint8Array {
  const bytes = entries.flatMap((entry) => entry.flatMap((text) => [...textOf(text)]));
  return Uint8Array.from([MARSHAL.dict, ...bytes, MARSHAL.null]);
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
    const remembered = [...textOf("U"), ...textOf("/x")];
    remembered[3] = (remembered[3] ?? 0) | MARSHAL.flagRef;
    const reference = [...textOf("R"), MARSHAL.reference, 0, 0, 0, 0];
    const last = [...textOf("C"), ...textOf("3")];
    const bytes = Uint8Array.from([
      MARSHAL.dict,
      ...remembered,
      ...reference,
      ...last,
      MARSHAL.null,
    ]);
    assert.equal(environValue(bytes, environKey("U")), "/x");
    assert.equal(environValue(bytes, environKey("C")), "3");
  });

  it("finds nothing in an environ that is still open", () => {
    assert.equal(environValue(environ.subarray(0, -1), environKey("NONE")), "");
  });
});
