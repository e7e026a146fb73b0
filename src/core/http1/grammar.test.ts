import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { describe, it } from "node:test";
import {
  FIELD_VALUE,
  HEX_DIGIT,
  IP_FUTURE,
  isDigit,
  isText,
  isToken,
  isWhiteSpace,
  REG_NAME,
  TARGET,
  TOKEN,
} from "./grammar.ts";

const BYTES = Array.from({ length: 256 }, (_, byte) => byte);

/** The members of a class, found the slow way: one character, one pattern. */
function matching(pattern: RegExp): number[] {
  return BYTES.filter((byte) => pattern.test(String.fromCharCode(byte)));
}

function members(table: Uint8Array): number[] {
  return BYTES.filter((byte) => table[byte] !== 0);
}

describe("byte classes", () => {
  it("token is tchar of RFC 9110 section 5.6.2", () => {
    assert.deepEqual(members(TOKEN), matching(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]$/));
  });

  it("token folds letters to lower case and leaves the rest", () => {
    for (const byte of members(TOKEN)) {
      assert.equal(TOKEN[byte], String.fromCharCode(byte).toLowerCase().charCodeAt(0));
    }
  });

  it("field-value is VCHAR, SP, HTAB and obs-text of RFC 9110 section 5.5", () => {
    assert.deepEqual(members(FIELD_VALUE), matching(/^[\t\x20-\x7e\x80-\xff]$/));
  });

  it("a target is visible ASCII without the fragment's sign", () => {
    assert.deepEqual(members(TARGET), matching(/^[\x21\x22\x24-\x7e]$/));
  });

  it("reg-name and IPvFuture are unreserved and sub-delims of RFC 3986", () => {
    assert.deepEqual(members(REG_NAME), matching(/^[A-Za-z0-9\-._~!$&'()*+,;=]$/));
    assert.deepEqual(members(IP_FUTURE), matching(/^[A-Za-z0-9\-._~!$&'()*+,;=:]$/));
  });

  it("hexadecimal digits know their value", () => {
    assert.deepEqual(members(HEX_DIGIT), matching(/^[0-9A-Fa-f]$/));
    for (const byte of members(HEX_DIGIT)) {
      const value = Number.parseInt(String.fromCharCode(byte), 16);
      assert.equal(HEX_DIGIT[byte], value + 1);
    }
  });

  it("digits and white space", () => {
    assert.deepEqual(BYTES.filter(isDigit), matching(/^[0-9]$/));
    assert.deepEqual(BYTES.filter(isWhiteSpace), matching(/^[\t ]$/));
  });
});

describe("isText and isToken", () => {
  const bytes = Buffer.from("--Close--");

  it("compare a range only", () => {
    assert.ok(isText(bytes, 2, 7, "Close"));
    assert.ok(!isText(bytes, 2, 8, "Close"));
    assert.ok(!isText(bytes, 2, 6, "Close"));
    assert.ok(isText(bytes, 2, 2, ""));
    assert.ok(isToken(bytes, 2, 7, "close"));
    assert.ok(!isToken(bytes, 1, 7, "close"));
  });

  it("differ in case", () => {
    assert.ok(!isText(bytes, 2, 7, "close"));
    assert.ok(isToken(Buffer.from("cLOSE"), 0, 5, "close"));
  });

  it("do not fold what is no letter", () => {
    assert.ok(!isToken(Buffer.from("\x0d"), 0, 1, "-"));
    assert.ok(!isToken(Buffer.from("clos\xc5", "latin1"), 0, 5, "close"));
  });
});
