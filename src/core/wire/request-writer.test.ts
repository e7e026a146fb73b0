import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { frameBytesOf, readWireVectors, toHex } from "../../../test/support/wire-vectors.ts";
import { REQUEST_FLAG } from "./frame.ts";
import { requestFrameBytes, writeRequestFrame, writeRequestPrefix } from "./request-writer.ts";

describe("the REQUEST frame", () => {
  it("is the header, the length of the environ, the environ and the body", () => {
    const environ = Uint8Array.of(0x7b, 0x30);
    const body = Uint8Array.of(7, 8, 9);
    const out = new Uint8Array(requestFrameBytes(environ.length, body.length));
    const end = writeRequestFrame(out, 0, { number: 5, flags: REQUEST_FLAG.head, environ, body });
    assert.equal(end, out.length);
    assert.equal(toHex(out), "09000000100200000500000000000000020000007b30070809");
  });

  it("may be written without its body, whose length counts all the same", () => {
    const environ = Uint8Array.of(0x7b, 0x30);
    const out = new Uint8Array(24).fill(0xaa);
    const end = writeRequestPrefix(out, 1, 5, 0, environ, 1000);
    assert.equal(end, 23);
    assert.equal(toHex(out), "aaee030000100000000500000000000000020000007b30aa");
  });

  for (const vector of readWireVectors().toWorker) {
    it(`is as the vector says: ${vector.name}`, () => {
      assert.equal(toHex(frameBytesOf(vector)), vector.hex);
    });
  }
});
