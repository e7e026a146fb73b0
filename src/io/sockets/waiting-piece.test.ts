import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { WaitingPiece, WaitingPieces } from "./waiting-piece.ts";

function textOf(piece: WaitingPiece): string {
  return Buffer.from(piece.bytes).toString();
}

describe("WaitingPiece", () => {
  it("takes more behind its bytes, whatever of them has left, and leaves alone what it was given", () => {
    const given = Buffer.from("abcdef");
    const piece = new WaitingPiece(given.subarray(0, 3));
    piece.bytes = piece.bytes.subarray(1);
    const more = Buffer.from("ghi");
    assert.ok(piece.join(more));
    assert.equal(textOf(piece), "bcghi");
    more.fill("-");
    piece.bytes = piece.bytes.subarray(3);
    assert.ok(piece.join(Buffer.from("jk")));
    assert.equal(textOf(piece), "hijk");
    assert.equal(given.toString(), "abcdef");
  });

  it("takes 16 KiB in all, and nothing where somebody is to be told", () => {
    const piece = new WaitingPiece(Buffer.alloc(8192));
    assert.equal(piece.join(Buffer.alloc(8193)), false);
    assert.ok(piece.join(Buffer.alloc(8191)));
    assert.ok(piece.join(Buffer.from("!")));
    piece.bytes = piece.bytes.subarray(1000);
    assert.equal(piece.join(Buffer.from("?")), false);
    assert.equal(piece.bytes.length, 15_384);
    assert.equal(piece.bytes.at(-1), "!".charCodeAt(0));
    assert.equal(new WaitingPiece(Buffer.from("a"), () => {}).join(Buffer.from("b")), false);
  });
});

describe("WaitingPieces", () => {
  it("keep no block for the little of it that waits, unless somebody is to be told", () => {
    const pieces = new WaitingPieces();
    const block = Buffer.alloc(64 * 1024, "a");
    pieces.keep(block.subarray(40_000));
    const kept = pieces.first?.bytes ?? assert.fail();
    assert.equal(kept.buffer.byteLength, 64 * 1024 - 40_000);
    assert.deepEqual(Buffer.from(kept), Buffer.alloc(64 * 1024 - 40_000, "a"));
    pieces.takeFirst();
    for (const [bytes, onSent] of [
      [block.subarray(30_000), undefined],
      [block.subarray(40_000), () => {}],
    ] as const) {
      pieces.keep(bytes, onSent);
      assert.equal(pieces.first?.bytes, bytes);
      pieces.takeFirst();
    }
  });
});
