import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  FRAME,
  readU16,
  readU32,
  readU64,
  writeFrameHeader,
  writeU16,
  writeU32,
  writeU64,
} from "./frame.ts";

describe("the frame header", () => {
  it("is 16 bytes as docs/protocol.md draws them", () => {
    const out = new Uint8Array(18).fill(0xaa);
    const end = writeFrameHeader(out, 1, FRAME.request, 3, 0x0102030405, 0xa0b0c0d);
    assert.equal(end, 17);
    assert.deepEqual(
      [...out],
      [0xaa, 0x0d, 0x0c, 0x0b, 0x0a, 16, 3, 0, 0, 5, 4, 3, 2, 1, 0, 0, 0, 0xaa],
    );
  });
});

describe("integers", () => {
  it("of 64 bits hold every safe integer", () => {
    const out = new Uint8Array(8);
    for (const value of [0, 1, 255, 2 ** 31, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER]) {
      writeU64(out, 0, value);
      assert.equal(readU64(out, 0), value);
    }
    assert.deepEqual([...out], [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f, 0]);
  });

  it("beyond the safe ones are seen as unsafe", () => {
    const out = Uint8Array.of(0, 0, 0, 0, 0, 0, 0x20, 0);
    assert.equal(Number.isSafeInteger(readU64(out, 0)), false);
  });

  it("of 16 and 32 bits are unsigned and little-endian", () => {
    const out = new Uint8Array(6);
    writeU16(out, 0, 0xfffe);
    writeU32(out, 2, 0xfffffffe);
    assert.deepEqual([...out], [0xfe, 0xff, 0xfe, 0xff, 0xff, 0xff]);
    assert.equal(readU16(out, 0), 0xfffe);
    assert.equal(readU32(out, 2), 0xfffffffe);
  });
});
