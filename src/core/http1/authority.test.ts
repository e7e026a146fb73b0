import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { isIPv6 } from "node:net";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { isAuthority, isAuthorityWithPort } from "./authority.ts";

/** Is `text` an authority, whatever stands around it? Only the range counts, though more would be valid too. */
function accepts(text: string): boolean {
  const verdicts = ["]:1", "a", "1", ".1", ":1", "%41", "::"].map((behind) => {
    return isAuthority(Buffer.from(`a${text}${behind}`, "latin1"), 1, 1 + text.length);
  });
  assert.equal(new Set(verdicts).size, 1, text);
  return verdicts[0] === true;
}

function acceptsWithPort(text: string): boolean {
  return isAuthorityWithPort(Buffer.from(text), 0, text.length);
}

describe("isAuthority", () => {
  it("takes names, addresses and ports", () => {
    for (const text of [
      "a",
      "a.b-c_d~",
      "%4a:1",
      "127.0.0.1:65535",
      "[::1]:8888",
      "[v1.a]",
      "a:",
    ]) {
      assert.ok(accepts(text), text);
    }
  });

  it("refuses what is no host", () => {
    for (const text of [
      "",
      ":1",
      "a b",
      "u@a",
      "a/b",
      "%4",
      "%4g",
      "%g4",
      "%",
      "[",
      "[]",
      "[::1",
      "a]",
    ]) {
      assert.ok(!accepts(text), text);
    }
  });

  it("refuses what is no port", () => {
    for (const text of ["a:65536", "a:x", "a:-1", "a:1:1", "[::1]1", "[::1]:x"]) {
      assert.ok(!accepts(text), text);
    }
  });

  it("ends a literal at its bracket, not behind the range", () => {
    const bytes = Buffer.from("[::1]");
    assert.ok(!isAuthority(bytes, 0, 4));
  });

  it("agrees with inet_pton on IPv6 addresses", () => {
    const group = fc.constantFrom(
      "0",
      "1",
      "ab",
      "FFFF",
      "12345",
      "",
      "g",
      "1.2.3.4",
      "1.2.3.256",
      "01.2.3.4",
    );
    const joined = fc
      .array(fc.tuple(group, fc.constantFrom(":", ":", ":", "::")), { minLength: 1, maxLength: 9 })
      .map((parts) => parts.map(([digits, colon]) => digits + colon).join(""));
    const address = fc.oneof(
      joined,
      joined.map((text) => text.replace(/:+$/, "")),
      fc.ipV6(),
    );
    fc.assert(
      fc.property(address, (text) => {
        assert.equal(accepts(`[${text}]`), isIPv6(text), text);
      }),
      { numRuns: 3000 },
    );
  });
});

describe("isAuthorityWithPort", () => {
  it("wants the port", () => {
    assert.deepEqual(["a:1", "[::1]:1", "a", "a:", "[::1]", ":1", "a:x"].map(acceptsWithPort), [
      true,
      true,
      false,
      false,
      false,
      false,
      false,
    ]);
  });
});
