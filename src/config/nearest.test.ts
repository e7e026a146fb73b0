import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { editDistance, nearest } from "./nearest.ts";

describe("editDistance", () => {
  for (const [from, to, edits] of [
    ["", "", 0],
    ["", "abc", 3],
    ["abc", "", 3],
    ["abc", "abc", 0],
    ["abc", "abd", 1],
    ["abc", "ac", 1],
    ["abc", "abxc", 1],
    ["abc", "acb", 1],
    ["kitten", "sitting", 3],
  ] as const) {
    it(`counts ${edits} between ${JSON.stringify(from)} and ${JSON.stringify(to)}`, () => {
      assert.equal(editDistance(from, to), edits);
      assert.equal(editDistance(to, from), edits);
    });
  }
});

describe("nearest", () => {
  const words = ["--workers", "--threads", "--max-body", "--max-head"];

  it("finds the word with the fewest edits, in any case of letters", () => {
    assert.equal(nearest("--worker", words), "--workers");
    assert.equal(nearest("--Threads", words), "--threads");
    assert.equal(nearest("--max-bdoy", words), "--max-body");
  });

  it("takes the first of equals", () => {
    assert.equal(nearest("abc", ["abx", "aby"]), "abx");
  });

  it("offers nothing where too much would have to change", () => {
    assert.equal(nearest("--colour", words), undefined);
    assert.equal(nearest("-x", ["-w"]), undefined);
    assert.equal(nearest("x", []), undefined);
  });
});
