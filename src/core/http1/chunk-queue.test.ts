import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { describe, it } from "node:test";
import { ChunkQueue } from "./chunk-queue.ts";

function queueOf(...texts: string[]): ChunkQueue {
  const queue = new ChunkQueue();
  for (const text of texts) queue.push(Buffer.from(text));
  return queue;
}

function drain(queue: ChunkQueue, length: number): string[] {
  const pieces: string[] = [];
  while (queue.hasBytes()) pieces.push(Buffer.from(queue.take(length)).toString());
  return pieces;
}

describe("ChunkQueue", () => {
  it("hands out the bytes in order, never across chunks", () => {
    assert.deepEqual(drain(queueOf("abc", "d", "ef"), 2), ["ab", "c", "d", "ef"]);
  });

  it("passes over empty chunks", () => {
    assert.deepEqual(drain(queueOf("", "a", "", "", "b", ""), 9), ["a", "b"]);
    assert.equal(queueOf("", "").hasBytes(), false);
  });

  it("counts what is not taken yet", () => {
    const queue = queueOf("abc", "", "de");
    assert.equal(queue.bufferedBytes, 5);
    queue.take(2);
    assert.equal(queue.bufferedBytes, 3);
    drain(queue, 9);
    assert.equal(queue.bufferedBytes, 0);
  });

  it("can be filled again when it is empty", () => {
    const queue = queueOf("a", "b");
    drain(queue, 1);
    queue.push(Buffer.from("c"));
    queue.push(Buffer.from("d"));
    assert.deepEqual(drain(queue, 1), ["c", "d"]);
  });

  it("copies nothing", () => {
    const chunk = Buffer.from("abcdef");
    const queue = new ChunkQueue();
    queue.push(chunk);
    assert.equal(queue.take(6), chunk);
    queue.push(chunk);
    queue.take(2);
    chunk[2] = 0x21;
    assert.equal(Buffer.from(queue.take(2)).toString(), "!d");
  });

  it("puts small chunks together that wait, and keeps their order beside larger ones", () => {
    const queue = new ChunkQueue();
    const kept: number[] = [];
    const keeper = {
      keep(bytes: Uint8Array): Uint8Array {
        kept.push(bytes.length);
        return Buffer.from(bytes);
      },
    };
    const sent: string[] = [];
    const shared = Buffer.alloc(300);
    for (let index = 0; index < 5000; index++) {
      const text = String(index % 10).repeat(index % 1000 === 999 ? 300 : 1);
      shared.write(text); // As a socket's buffer is, which the next read overwrites.
      queue.push(shared.subarray(0, text.length));
      queue.keep(keeper);
      sent.push(text);
      if (index === 2500) assert.equal(queue.take(1)[0], 0x30);
    }
    assert.equal(queue.bufferedBytes, sent.join("").length - 1);
    assert.deepEqual([kept.length, kept.filter((length) => length === 300).length], [8, 5]);
    const pieces = drain(queue, 4096);
    assert.equal(pieces.join(""), sent.join("").slice(1));
    assert.ok(pieces.length < 20, `${pieces.length}`);
  });

  it("lets go of everything", () => {
    const queue = queueOf("abc", "def");
    queue.take(1);
    queue.clear();
    assert.equal(queue.hasBytes(), false);
    assert.equal(queue.bufferedBytes, 0);
    assert.equal(queue.bytes.length, 0);
  });

  it("moves what was not taken of the newest chunk, before it is overwritten", () => {
    const keeper = { keep: (bytes: Uint8Array) => Uint8Array.from(bytes) };
    const queue = new ChunkQueue();
    const shared = Buffer.from("abcd");
    queue.push(shared);
    assert.equal(Buffer.from(queue.take(1)).toString(), "a");
    queue.keep(keeper);
    shared.fill("x");
    const second = Buffer.from("ef");
    queue.push(second);
    queue.keep(keeper);
    second.fill("x");
    assert.deepEqual(drain(queue, 9), ["bcd", "ef"]);
  });
});
