import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { describe, it } from "node:test";
import { RequestHead } from "../http/request-head.ts";
import { RequestLineScanner } from "./request-line.ts";
import { INCOMPLETE } from "./scanning.ts";
import { DEFAULT_LIMITS } from "../../../test/support/transcript.ts";

/** Scans `text` behind two other bytes, in steps of `step` bytes: the end's offset, INCOMPLETE, or a refusal's code. */
function scan(text: string, { step = Number.POSITIVE_INFINITY, limits = DEFAULT_LIMITS } = {}) {
  const head = new RequestHead();
  const scanner = new RequestLineScanner(head, limits);
  head.bytes = Buffer.from(`\r\n${text}`, "latin1");
  scanner.begin(2);
  for (
    let end = Math.min(2 + step, head.bytes.length);
    ;
    end = Math.min(end + step, head.bytes.length)
  ) {
    const scanned = scanner.scan(end);
    if (typeof scanned !== "number") return scanned.code;
    if (scanned !== INCOMPLETE) return scanned - 2;
    if (end === head.bytes.length) return INCOMPLETE;
  }
}

const LINE = "GET /a HTTP/1.1\r\n";

describe("RequestLineScanner", () => {
  it("stops behind the line, in whatever steps the bytes come", () => {
    for (const step of [1, 2, 3, 7, 100]) assert.equal(scan(`${LINE}Host:`, { step }), LINE.length);
  });

  it("waits for every byte of the line", () => {
    for (let end = 0; end < LINE.length; end++) {
      assert.equal(scan(LINE.slice(0, end)), INCOMPLETE);
      assert.equal(scan(LINE.slice(0, end), { step: 1 }), INCOMPLETE);
    }
  });

  it("says what is wrong with the byte that is wrong", () => {
    const wrong = [
      ["G@", "badMethod"],
      [" ", "badRequestLine"],
      ["\u0016", "tlsHandshake"],
      ["GET\n", "bareLineFeed"],
      ["GET  ", "badRequestLine"],
      ["GET /\r", "badRequestLine"],
      ["GET /#", "badTarget"],
      ["GET a HTTP/1.1\r\n", "badTarget"],
      ["GET / h", "badVersion"],
      ["GET / HTTP/x", "badVersion"],
      ["GET / HTTP/1.10", "badVersion"],
      ["GET / HTTP/1.1 ", "badRequestLine"],
      ["GET / HTTP/1.1\n", "bareLineFeed"],
      ["GET / HTTP/1.1\r\r", "bareCarriageReturn"],
      ["GET / HTTP/2.0\r\n", "versionNotSupported"],
    ] as const;
    for (const [text, code] of wrong) {
      assert.equal(scan(text), code, text);
      assert.equal(scan(text, { step: 1 }), code, text);
      if (text.length > 1) assert.equal(scan(text.slice(0, -1)), INCOMPLETE, text);
    }
  });

  it("counts the line without its CRLF, in each of its parts", () => {
    const long = { ...DEFAULT_LIMITS, requestLineBytes: 15 };
    assert.equal(scan(LINE, { limits: long }), 17);
    for (const text of [
      "METHODMETHODMETH",
      "GET /aaaaaaaaaaaa",
      "GET /aaa HTTP/1.1",
      "GET /a HTTP/1.10",
    ]) {
      assert.equal(scan(text, { limits: long }), "requestLineTooLong", text);
    }
  });

  it("lets the limit of the head bound the line too", () => {
    const limits = { ...DEFAULT_LIMITS, headBytes: 14 };
    assert.equal(scan(LINE, { limits }), "requestLineTooLong");
  });
});
