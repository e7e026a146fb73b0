import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BlockList } from "./block-list.ts";
import { BLOCK_BYTES, BlockPool } from "./block-pool.ts";
import { ReadBlocks } from "./read-blocks.ts";

const ALWAYS_FREE = 32;

describe("BlockPool", () => {
  it("gives again what it was given", () => {
    const pool = new BlockPool();
    const block = pool.take();
    assert.equal(block.length, BLOCK_BYTES);
    assert.notEqual(pool.take(), block);
    pool.give(block);
    assert.equal(pool.take(), block);
  });

  it("lets go of what nobody needed, little by little, and of nothing else", () => {
    const pool = new BlockPool();
    const blocks = Array.from({ length: ALWAYS_FREE + 100 }, () => pool.take());
    for (const block of blocks) pool.give(block);
    // At first everything has just been used.
    pool.trim();
    pool.trim();
    assert.equal(pool.free, ALWAYS_FREE + 50);
    // All but ten are needed between two looks.
    const used = Array.from({ length: ALWAYS_FREE + 40 }, () => pool.take());
    for (const block of used) pool.give(block);
    pool.trim();
    assert.equal(pool.free, ALWAYS_FREE + 45);
    while (pool.trim());
    assert.equal(pool.free, ALWAYS_FREE);
  });
});

describe("BlockList", () => {
  it("holds what was appended, in order, wherever it was cut", () => {
    const list = new BlockList(new BlockPool());
    const sent = Buffer.alloc(3 * BLOCK_BYTES + 17, "0123456789abcdefg");
    for (const [start, end] of [
      [0, 5],
      [5, BLOCK_BYTES],
      [BLOCK_BYTES, 2 * BLOCK_BYTES + 9],
      [2 * BLOCK_BYTES + 9, sent.length],
    ]) {
      list.append(sent.subarray(start, end));
    }
    assert.ok(Buffer.concat(list.pieces).equals(sent));
    assert.ok(Buffer.concat(list.pieces).equals(sent), "asked a second time");
  });

  it("gives its blocks back once", () => {
    const pool = new BlockPool();
    const list = new BlockList(pool);
    list.append(Buffer.alloc(BLOCK_BYTES + 1));
    list.clear();
    list.clear();
    assert.equal(pool.free, 2);
    assert.deepEqual(list.pieces, []);
  });
});

describe("ReadBlocks", () => {
  it("is read into one block as long as nobody keeps it", () => {
    const blocks = new ReadBlocks(new BlockPool());
    assert.ok(blocks.next() !== undefined);
    assert.equal(blocks.next(), undefined);
  });

  it("goes on in another while somebody reads from one, which goes back to the pool afterwards", () => {
    const pool = new BlockPool();
    const blocks = new ReadBlocks(pool);
    const first = blocks.next();
    blocks.filled(BLOCK_BYTES);
    const release = [blocks.hold(), blocks.hold()];
    const second = blocks.next();
    assert.ok(second !== undefined && second !== first);
    release[0]?.();
    assert.equal(pool.free, 0);
    release[1]?.();
    assert.equal(pool.free, 1);
    assert.equal(pool.take(), first);
  });

  it("goes on behind what is read by somebody, as long as there is much room, then at the start again", () => {
    const pool = new BlockPool(4 * BLOCK_BYTES);
    const blocks = new ReadBlocks(pool);
    const block = blocks.next();
    blocks.filled(20_000);
    const release = [blocks.hold()];
    const rest = blocks.next();
    assert.equal(rest?.buffer, block?.buffer);
    assert.deepEqual([rest?.byteOffset, rest?.length], [20_000, 4 * BLOCK_BYTES - 20_000]);
    blocks.filled(3 * BLOCK_BYTES - 20_000 + 1);
    release.push(blocks.hold());
    const other = blocks.next();
    assert.notEqual(other?.buffer, block?.buffer);
    for (const each of release) each();
    assert.equal(pool.free, 1);
    blocks.filled(5);
    const last = blocks.hold();
    assert.equal(blocks.next()?.byteOffset, 5);
    last();
    assert.equal(blocks.next(), other);
    assert.equal(blocks.next(), undefined);
  });

  it("stays in a block that was released before the next read", () => {
    const pool = new BlockPool();
    const blocks = new ReadBlocks(pool);
    blocks.next();
    blocks.hold()();
    assert.equal(blocks.next(), undefined);
    assert.equal(pool.free, 0);
  });

  it("gives the last block back when it is closed and nobody reads from it any more", () => {
    const pool = new BlockPool();
    const blocks = new ReadBlocks(pool);
    blocks.next();
    const release = blocks.hold();
    blocks.close();
    assert.equal(pool.free, 0);
    release();
    assert.equal(pool.free, 1);
  });
});
