import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { forwardedHeaders } from "./forwarded-headers.ts";
import { BadValue } from "./kinds.ts";

describe("forwardedHeaders", () => {
  for (const text of ["x-forwarded", "forwarded", "x-forwarded-for,x-forwarded-proto"]) {
    it(`reads ${text} and shows it again`, () => {
      assert.equal(forwardedHeaders.describe(forwardedHeaders.parse(text)), text);
    });
  }

  it("has an order of its own, ignores case, and names nothing twice", () => {
    assert.deepEqual(forwardedHeaders.parse("X-Forwarded-Proto, X-Forwarded-For,x-forwarded-for"), [
      "x-forwarded-for",
      "x-forwarded-proto",
    ]);
    assert.equal(forwardedHeaders.parse("x-forwarded").length, 5);
  });

  for (const [text, reason, hint] of [
    ["", "an empty name", /^write x-forwarded, forwarded, or some of x-forwarded-for,/],
    ["x-forwarded-fro", "x-forwarded-fro is not one of them", /^did you mean x-forwarded-for\?$/],
    ["forwarded,x-forwarded-for", "a proxy writes either kind", /^name forwarded alone/],
  ] as const) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      assert.throws(
        () => forwardedHeaders.parse(text),
        (error) =>
          error instanceof BadValue && error.message.startsWith(reason) && hint.test(error.hint),
      );
    });
  }
});
