import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { ChunkExtensionScanner } from "./chunk-extension.ts";

/** What the scanner says of `text`, the extensions of one chunk: a code, or whether the line may end behind it. */
function scan(text: string, scanner = new ChunkExtensionScanner()): string | boolean {
  scanner.beginChunk();
  for (const byte of Buffer.from(text, "latin1")) {
    const refusal = scanner.step(byte);
    if (refusal !== undefined) return refusal.code;
  }
  return scanner.mayEnd;
}

/** The same grammar as a pattern, for whole extensions. */
const TCHAR = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const QUOTED = '"(?:[\\t !\\x23-\\x5b\\x5d-\\x7e\\x80-\\xff]|\\\\[\\t\\x20-\\x7e\\x80-\\xff])*"';
const BWS = "[ \\t]*";
const CHUNK_EXT = new RegExp(
  `^(?:${BWS};${BWS}${TCHAR}(?:${BWS}=${BWS}(?:${TCHAR}|${QUOTED}))?)+$`,
);

describe("ChunkExtensionScanner", () => {
  it("takes names, tokens and quoted texts, with white space between them", () => {
    for (const text of [
      ";a",
      ";a;b",
      ";a=b",
      ";a=b;c=d",
      " \t; \ta \t= \tb \t; \tc",
      ';a=""',
      ';a="b;c=d, [e]\t\xe9"',
      ';a="\\"\\\\\\ \\\xe9";b',
      ';a="\\ "',
      ';a="b\\\t"',
      ';a = "b" ; c = d',
      ";!#$%&'*+-.^_`|~=~|`_^.-+*'&%$#!",
    ]) {
      assert.equal(scan(text), true, text);
    }
  });

  it("does not let a line end within one, nor behind white space", () => {
    for (const text of [" ", ";", "; ", ";a ", ";a=", ";a= ", ";a=b ", ";a;", ';a="', ';a="b']) {
      assert.equal(scan(text), false, text);
    }
    for (const text of [';a="b\\', ';a="b\\"', ';a="b" ', ";a=b;"]) {
      assert.equal(scan(text), false, text);
    }
  });

  it("refuses the byte that does not belong there", () => {
    for (const text of [
      "a",
      " a",
      ";;",
      ";=",
      ';"',
      ";[",
      ";\xe9",
      ";a;;",
      ";a b",
      ';a"',
      ";a==",
      ";a=;",
      ";a=b=",
      ";a=b c",
      ";a=[",
      ";a=\xe9",
      ';a="b"c',
      ';a="b"=',
      ';a="\x01',
      ';a="\x7f',
      ';a="\\\x00',
      ";\x01",
    ]) {
      assert.equal(scan(text), "badChunkExtension", text);
      assert.notEqual(scan(text.slice(0, -1)), "badChunkExtension", text);
    }
  });

  it("agrees with the grammar on any text", () => {
    const part = fc.constantFrom(
      ";a",
      ";",
      "=",
      "b",
      '="',
      '"',
      '\\"',
      "\\",
      " ",
      "\t",
      "!",
      "[",
      "\x00",
      "\xe9",
    );
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 8 }), (parts) => {
        const text = parts.join("");
        assert.equal(scan(text) === true, CHUNK_EXT.test(text));
      }),
      { numRuns: 5000 },
    );
  });

  it("bounds what a chunk may have", () => {
    assert.equal(scan(`;${"a".repeat(255)}`), true);
    assert.equal(scan(`;${"a".repeat(256)}`), "chunkExtensionsTooLong");
    assert.equal(scan(" ".repeat(257)), "chunkExtensionsTooLong");
  });

  it("bounds what all chunks of a body may have", () => {
    const scanner = new ChunkExtensionScanner();
    const most = `;${"a".repeat(255)}`;
    for (let chunk = 0; chunk < 64; chunk++) assert.equal(scan(most, scanner), true);
    assert.equal(scan(";", scanner), "chunkExtensionsTooLong");
    scanner.beginBody();
    assert.equal(scan(most, scanner), true);
  });
});
