import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { closeText, MARSHAL, textOf, writeAsciiPrefix, writeLongPrefix } from "./marshal.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

describe("marshalled text", () => {
  it("is short ASCII up to 255 bytes", () => {
    assert.equal(hex(textOf("")), "7a00");
    assert.equal(hex(textOf("ab")), "7a026162");
    assert.equal(hex(textOf("x".repeat(255))).slice(0, 6), "7aff78");
  });

  it("is long ASCII from 256 bytes on", () => {
    assert.equal(hex(textOf("x".repeat(256))).slice(0, 12), "610001000078");
    assert.equal(textOf("x".repeat(70_000)).length, 70_005);
  });

  it("is UTF-8 when a byte is not ASCII", () => {
    assert.equal(hex(textOf("\u00ff")), "7502000000c3bf");
    assert.equal(hex(textOf("a\u0080b")), "750400000061c28062");
    assert.equal(hex(textOf("\u00bf\u00c0")), "7504000000c2bfc380");
  });

  it("closes in place, moved to its shorter prefix", () => {
    const out = new Uint8Array(12).fill(0xaa);
    out.set(Buffer.from("hey"), 6);
    assert.equal(closeText(out, 6, 9), 6);
    assert.equal(hex(out.subarray(0, 6)), "aa7a03686579");
  });
});

describe("prefixes", () => {
  it("may ask to be remembered", () => {
    const out = new Uint8Array(2);
    assert.equal(writeAsciiPrefix(out, 0, 3, MARSHAL.flagRef), 2);
    assert.equal(hex(out), "fa03");
  });

  it("hold lengths of 32 bits", () => {
    const out = new Uint8Array(6);
    assert.equal(writeLongPrefix(out, 1, MARSHAL.reference, 0x01020304), 6);
    assert.equal(hex(out), "007204030201");
  });
});
