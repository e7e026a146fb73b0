import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { pathPattern } from "./development-kinds.ts";
import { BadValue } from "./kinds.ts";

describe("a pattern of files to watch", () => {
  it("is kept as it was written", () => {
    for (const text of ["*.html", "templates", "config/**/*.toml"]) {
      assert.equal(pathPattern.parse(text), text);
      assert.equal(pathPattern.describe(text), text);
    }
  });

  it("is refused when it can match nothing", () => {
    assert.throws(() => pathPattern.parse("*.{html"), BadValue);
    assert.throws(() => pathPattern.parse(""), BadValue);
  });
});
