import assert from "node:assert/strict";
import { closeSync, openSync, unlinkSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { SharedMemory } from "./shared-memory.ts";

const THREADS = 2;
const CELLS = 4;
const OUTBOXES_AT = CELLS * 40;

describe("SharedMemory", { skip: process.platform !== "linux" && "there is no /proc" }, () => {
  const path = join(tmpdir(), `rickhouse-memory-${process.pid}`);
  let descriptor = -1;
  before(() => {
    descriptor = openSync(path, "wx+", 0o600);
  });
  after(() => {
    closeSync(descriptor);
    unlinkSync(path);
  });

  function write(index: number, words: readonly number[], answers: string): void {
    writeSync(
      descriptor,
      new Uint8Array(BigUint64Array.from(words, (word) => BigInt(word)).buffer),
      0,
      40,
      index * 40,
    );
    writeSync(descriptor, Buffer.from(answers), 0, answers.length, OUTBOXES_AT + index * 32 * 1024);
  }

  function open(): SharedMemory | undefined {
    return SharedMemory.open(
      process.pid,
      { descriptor, outboxesAt: OUTBOXES_AT, bodies: -1, answers: -1 },
      THREADS,
    );
  }

  it("reads ledger and outbox of a thread", () => {
    write(3, [7, 5, 4, 1000, 1003], "abc");
    const left = open()?.read(1, 1);
    assert.deepEqual(left?.ledger, { started: 7, withdrawnTo: 5, exempt: 4 });
    assert.equal(left.base, 1000);
    assert.equal(Buffer.from(left.answers).toString(), "abc");
  });

  it("finds an outbox empty whose words make no sense", () => {
    for (const [base, written] of [
      [5, 5],
      [5, 4],
      [0, 32 * 1024 + 1],
    ]) {
      write(0, [1, 0, 0, base ?? 0, written ?? 0], "abc");
      assert.equal(open()?.read(0, 0).answers.length, 0);
    }
  });

  it("is open until its last user has released it", () => {
    const memory = open();
    memory?.retain();
    memory?.release();
    assert.equal(memory?.read(1, 1).ledger.started, 7);
    memory.release();
    assert.throws(() => memory.read(1, 1));
  });

  it("is not there where nothing can be opened", () => {
    const place = { descriptor: -1, outboxesAt: OUTBOXES_AT, bodies: -1, answers: -1 };
    assert.equal(SharedMemory.open(process.pid, place, THREADS), undefined);
  });
});
