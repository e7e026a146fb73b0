import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { jsonText, quotedText, shownText } from "./log-text.ts";

/** Every byte there is, one character each. */
const ALL = String.fromCharCode(...Array.from({ length: 256 }, (_, byte) => byte));
const utf8 = (text: string): string => Buffer.from(text).toString("latin1");

describe("jsonText", () => {
  it("is what JSON reads back, for ASCII", () => {
    for (const text of ["", "GET /", 'a"b\\c', "\r\n\t\u0000\u007f"]) {
      assert.equal(JSON.parse(jsonText(text)), text);
    }
  });

  it("decodes UTF-8", () => {
    assert.equal(jsonText(utf8("grün 🥃")), '"grün 🥃"');
  });

  it("writes bytes that are no UTF-8 as \\xNN", () => {
    assert.equal(JSON.parse(jsonText('\xff"a\\')), String.raw`\xff\x22a\x5c`);
  });

  it("leaves nothing that ends a line or steers a terminal", () => {
    for (const text of [ALL, utf8("\u2028\u2029\u202e\u0085\u{e0001}")]) {
      const written = jsonText(text);
      assert.doesNotMatch(written, /[\p{Cc}\p{Cf}\u2028\u2029]/u);
      assert.equal(typeof JSON.parse(written), "string");
    }
    assert.equal(JSON.parse(jsonText(utf8("\u{e0001}"))), "\u{e0001}");
  });
});

describe("quotedText", () => {
  it("leaves plain text alone", () => {
    assert.equal(quotedText("GET /a?b=c"), "GET /a?b=c");
  });

  it("holds no quote, no backslash of its own and nothing but ASCII", () => {
    assert.equal(quotedText('"\\\n\xe9'), String.raw`\x22\x5c\x0a\xe9`);
    assert.match(quotedText(ALL), /^[\x20-\x7e]*$/);
    assert.doesNotMatch(quotedText(ALL), /"/);
  });
});

describe("shownText", () => {
  it("shows UTF-8, and escapes what a terminal acts on", () => {
    assert.equal(shownText("/a"), "/a");
    assert.equal(shownText(utf8("/grün")), "/grün");
    assert.equal(shownText("\u001b[2J"), String.raw`\u001b[2J`);
    assert.equal(shownText(utf8("a\u202eb")), String.raw`a\u202eb`);
    assert.equal(shownText("\xff"), String.raw`\xff`);
  });
});
