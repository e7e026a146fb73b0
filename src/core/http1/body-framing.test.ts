import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { describe, it } from "node:test";
import { DEFAULT_LIMITS, transcribe } from "../../../test/support/transcript.ts";

/** What becomes of a request with these field lines: the length that its head says, or the refusal. */
function frame(lines: readonly string[], { version = "1.1", maxBytes = 1000 } = {}) {
  const fields = lines.map((line) => `${line}\r\n`).join("");
  const text = `POST / HTTP/${version}\r\nHost: h\r\n${fields}\r\n`;
  const seen = transcribe([Buffer.from(text)], { ...DEFAULT_LIMITS, bodyBytes: maxBytes });
  return seen.refused ?? seen.requests[0]?.contentLength;
}

describe("frameBody", () => {
  it("takes a request without either field for one without a body", () => {
    assert.equal(frame([]), 0);
    assert.equal(frame([], { version: "1.0" }), 0);
  });

  it("takes one Content-Length of digits", () => {
    assert.equal(frame(["Content-Length: 007"]), 7);
    assert.equal(frame(["Content-Length: 1000"]), 1000);
    assert.equal(frame(["Content-Length: 7"], { version: "1.0" }), 7);
  });

  it("takes chunked", () => {
    assert.equal(frame(["Transfer-Encoding: Chunked"]), -1);
  });

  it("refuses what is no number", () => {
    for (const value of ["", "+1", "-1", "1 1", "1,1", "0x1", "1_0", "1.0", "\u00b2"]) {
      assert.equal(frame([`Content-Length: ${value}`]), "badContentLength", value);
    }
  });

  it("refuses lengths above the limit, and above what a number can count", () => {
    const maxBytes = Number.POSITIVE_INFINITY;
    assert.equal(frame(["Content-Length: 1001"]), "bodyTooLarge");
    assert.equal(frame(["Content-Length: 9007199254740991"], { maxBytes }), 2 ** 53 - 1);
    assert.equal(frame(["Content-Length: 9007199254740992"], { maxBytes }), "bodyTooLarge");
    assert.equal(frame([`Content-Length: ${"9".repeat(400)}`], { maxBytes }), "bodyTooLarge");
  });

  it("refuses whatever two readers could frame in two ways", () => {
    const length = "Content-Length: 1";
    const chunked = "Transfer-Encoding: chunked";
    assert.equal(frame([length, length]), "repeatedContentLength");
    assert.equal(frame([length, chunked]), "lengthWithTransferEncoding");
    assert.equal(frame([chunked], { version: "1.0" }), "transferEncodingInHttp10");
    assert.equal(frame([chunked, chunked]), "badTransferEncoding");
  });

  it("wants chunked once and last, without parameters and empty elements", () => {
    const bad = [
      "",
      ",",
      ",chunked",
      "chunked,",
      "chunked, gzip",
      "chunked;a=b",
      "gzip x",
      '"chunked"',
    ];
    for (const value of bad) {
      assert.equal(frame([`Transfer-Encoding: ${value}`]), "badTransferEncoding", value);
    }
    assert.equal(
      frame(["Transfer-Encoding:", "Transfer-Encoding: chunked"]),
      "badTransferEncoding",
    );
  });

  it("says of well-formed codings that they are not known", () => {
    for (const value of [
      "gzip, chunked",
      "identity",
      "xchunked",
      "gzip;a=b , chunked",
      "gzip\t;a",
    ]) {
      assert.equal(frame([`Transfer-Encoding: ${value}`]), "unknownTransferCoding", value);
    }
    assert.equal(
      frame(["Transfer-Encoding: gzip", "Transfer-Encoding: chunked"]),
      "unknownTransferCoding",
    );
  });
});
