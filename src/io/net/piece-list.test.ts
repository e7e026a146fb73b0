import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PieceList } from "./piece-list.ts";

function bytes(length: number, from: number = 0): Buffer {
  return Buffer.from(Array.from({ length }, (_, i) => (from + i) & 0xff));
}

describe("PieceList", () => {
  it("keeps one piece as it is", () => {
    const list = new PieceList();
    const piece = bytes(1);
    list.push(piece);
    assert.equal(list.pieces[0], piece);
  });

  it("keeps large pieces as they are", () => {
    const list = new PieceList();
    const pieces = [bytes(2000), bytes(3000)];
    for (const piece of pieces) list.push(piece);
    assert.deepEqual(list.pieces, pieces);
    assert.equal(list.pieces[1], pieces[1]);
  });

  it("copies small pieces together", () => {
    const list = new PieceList();
    for (let i = 0; i < 100_000; i++) list.push(bytes(1, i));
    assert.ok(list.pieces.length < 16);
    assert.ok(Buffer.concat(list.pieces).equals(bytes(100_000)));
  });

  it("keeps the order of small and large ones", () => {
    const list = new PieceList();
    let length = 0;
    for (let i = 0; i < 500; i++) {
      const size = [1, 1023, 1024, 5000, 7, 16_384, 0][i % 7] ?? 0;
      list.push(bytes(size, length));
      length += size;
    }
    assert.ok(Buffer.concat(list.pieces).equals(bytes(length)));
  });

  it("does not change what was taken", () => {
    const list = new PieceList();
    for (let i = 0; i < 10; i++) list.push(bytes(1, i));
    const early = list.take();
    assert.equal(list.pieces.length, 0);
    for (let i = 10; i < 20; i++) list.push(bytes(1, i));
    assert.ok(Buffer.concat(early).equals(bytes(10)));
    assert.ok(Buffer.concat(list.take()).equals(bytes(10, 10)));
  });

  it("goes on after its pieces were looked at", () => {
    const list = new PieceList();
    for (let i = 0; i < 30; i++) {
      list.push(bytes(1, i));
      assert.ok(Buffer.concat(list.pieces).equals(bytes(i + 1)));
    }
  });

  it("is empty when it was cleared", () => {
    const list = new PieceList();
    for (let i = 0; i < 3; i++) list.push(bytes(1, i));
    list.clear();
    assert.equal(list.pieces.length, 0);
    list.push(bytes(2));
    assert.deepEqual(list.pieces, [bytes(2)]);
  });
});
