import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { describe, it } from "node:test";
import { FieldNameTable } from "../http/field-names.ts";
import { latin1Of, RequestHead } from "../http/request-head.ts";
import { FieldScanner } from "./fields.ts";
import { INCOMPLETE } from "./scanning.ts";
import { DEFAULT_LIMITS } from "../../../test/support/transcript.ts";

const LINE = "GET / HTTP/1.1\r\n";

/** Scans `text` behind a request line, in steps of `step` bytes: the fields, INCOMPLETE, or a refusal's code. */
function scan(text: string, { step = Number.POSITIVE_INFINITY, limits = DEFAULT_LIMITS } = {}) {
  const head = new RequestHead();
  const scanner = new FieldScanner(head, limits, new FieldNameTable());
  head.bytes = Buffer.from(LINE + text, "latin1");
  const { length } = head.bytes;
  scanner.begin(LINE.length, 0);
  for (let end = Math.min(LINE.length + step, length); ; end = Math.min(end + step, length)) {
    const scanned = scanner.scan(end);
    if (typeof scanned !== "number") return scanned.code;
    if (scanned !== INCOMPLETE) return fieldsOf(head);
    if (end === length) return INCOMPLETE;
  }
}

function fieldsOf(head: RequestHead): string[] {
  return Array.from({ length: head.fieldCount }, (_, index) => {
    const value = latin1Of(head.bytes, head.valueStart(index), head.valueEnd(index));
    return `${head.names[index]?.lower}=${value}${head.nonAscii[index] === 1 ? " (not ASCII)" : ""}`;
  });
}

describe("FieldScanner", () => {
  const section = "Host: h\r\nX:\t a b \r\nEmpty: \r\nN:\u00e9\r\n\r\n";
  const fields = ["host=h", "x=a b", "empty=", "n=\u00e9 (not ASCII)"];

  it("finds names and trimmed values, in whatever steps the bytes come", () => {
    for (const step of [1, 2, 3, 5, 100]) assert.deepEqual(scan(section, { step }), fields);
  });

  it("waits for every byte of the section", () => {
    for (let end = 0; end < section.length; end++) {
      assert.equal(scan(section.slice(0, end)), INCOMPLETE);
      assert.equal(scan(section.slice(0, end), { step: 1 }), INCOMPLETE);
    }
  });

  it("takes an empty section", () => {
    assert.deepEqual(scan("\r\n"), []);
  });

  it("says what is wrong with the byte that is wrong", () => {
    const wrong = [
      [" ", "foldedField"],
      ["A: b\r\n\t", "foldedField"],
      [":", "badFieldName"],
      ["A ", "badFieldName"],
      ["A\r", "badFieldName"],
      ["A\n", "bareLineFeed"],
      ["\n", "bareLineFeed"],
      ["A: \u0000", "badFieldValue"],
      ["A: b\u007f", "badFieldValue"],
      ["A: b\n", "bareLineFeed"],
      ["A: b\rc", "bareCarriageReturn"],
      ["\rA", "bareCarriageReturn"],
    ] as const;
    for (const [text, code] of wrong) {
      assert.equal(scan(text), code, text);
      assert.equal(scan(text, { step: 1 }), code, text);
      if (text.length > 1) assert.equal(scan(text.slice(0, -1)), INCOMPLETE, text);
    }
  });

  it("counts a field line without its CRLF, in each of its parts", () => {
    const limits = { ...DEFAULT_LIMITS, fieldBytes: 5 };
    assert.deepEqual(scan("A: bc\r\n\r\n", { limits }), ["a=bc"]);
    for (const text of ["ABCDEF", "ABCDE:", "A:     ", "A: bcd"]) {
      assert.equal(scan(text, { limits }), "fieldTooLong", text);
    }
  });

  it("counts the head with its last empty line, in each of its parts", () => {
    const limits = { ...DEFAULT_LIMITS, headBytes: LINE.length + 8 };
    assert.deepEqual(scan("A: b\r\n\r\n", { limits }), ["a=b"]);
    for (const text of [
      "A: bc\r\n\r\n",
      "A: bcd\r\n\r\n",
      "ABCDEFGHI",
      "A:       b",
      "A: bcdefg",
      "A: bcde\r\n\r",
    ]) {
      assert.equal(scan(text, { limits }), "headTooLarge", text);
    }
  });

  it("counts fields", () => {
    const limits = { ...DEFAULT_LIMITS, fieldCount: 2 };
    assert.deepEqual(scan("A:\r\nB:\r\n\r\n", { limits }), ["a=", "b="]);
    assert.equal(scan("A:\r\nB:\r\nC", { limits }), "tooManyFields");
  });

  it("takes names for the same in any case", () => {
    const head = new RequestHead();
    const scanner = new FieldScanner(head, DEFAULT_LIMITS, new FieldNameTable());
    head.bytes = Buffer.from("Accept:\r\naCCEPT:\r\nAccept-X:\r\n\r\n");
    scanner.begin(0, 0);
    scanner.scan(head.bytes.length);
    assert.equal(head.names[0], head.names[1]);
    assert.notEqual(head.names[0], head.names[2]);
  });
});
