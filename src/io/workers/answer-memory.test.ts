import assert from "node:assert/strict";
import { closeSync, ftruncateSync, openSync, readFileSync, unlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import v8 from "node:v8";
import vm from "node:vm";
import { type Libc, loadLibc } from "../sockets/libc.ts";
import { AnswerMemory, type AnswerSlots } from "./answer-memory.ts";
import { PLACE_STRIDE, SLOT_BYTES } from "./answer-place.ts";
import { MappedMemory } from "./mapped-memory.ts";

const THREADS = 2;
const PLACES = 4;
const FREE = 0;
const TAKEN = 1;

const libc = loadLibc();

describe("AnswerMemory", { skip: libc === undefined && "this process cannot map memory" }, () => {
  const path = join(tmpdir(), `rickhouse-answers-${process.pid}`);
  let descriptor = -1;
  /** What the workers see. */
  let bytes = Buffer.alloc(0);
  let system: Libc;
  before(() => {
    assert.ok(libc !== undefined);
    system = libc;
    descriptor = openSync(path, "wx+", 0o600);
    ftruncateSync(descriptor, PLACES * PLACE_STRIDE);
    const mapped = MappedMemory.map(system, descriptor, 0, PLACES * PLACE_STRIDE);
    assert.ok(mapped !== undefined);
    bytes = Buffer.from(mapped.buffer);
  });
  after(() => {
    closeSync(descriptor);
    unlinkSync(path);
  });

  function open(): AnswerMemory {
    bytes.fill(0);
    const memory = AnswerMemory.open(system, process.pid, descriptor, THREADS);
    assert.ok(memory !== undefined);
    return memory;
  }

  const START = PLACE_STRIDE; // Of slot 0, thread 1.
  const WORDS_AT = START + 2 * SLOT_BYTES;

  /** As the worker does it. */
  function put(slot: number, piece: string): void {
    bytes.write(piece, START + slot * SLOT_BYTES);
    bytes.writeUInt32LE(TAKEN, WORDS_AT + 4 * slot);
  }

  function words(): number[] {
    return [bytes.readUInt32LE(WORDS_AT), bytes.readUInt32LE(WORDS_AT + 4)];
  }

  it("reads what the thread has put in its slots, and frees each when it was read", () => {
    const slots = claim(open());
    put(0, "abc");
    put(1, "defg");
    assert.equal(text(slots, 0, 3), "abc");
    assert.deepEqual(words(), [TAKEN, TAKEN]);
    assert.equal(text(slots, SLOT_BYTES, 4), "defg");
    assert.deepEqual(words(), [FREE, TAKEN]);
    slots.leave();
    assert.deepEqual(words(), [FREE, FREE]);
  });

  it("frees a slot when the last who keeps it has let it go", () => {
    const slots = claim(open());
    put(0, "abc");
    assert.equal(text(slots, 0, 3), "abc");
    const releases = [slots.keep(), slots.keep()];
    slots.leave();
    releases[0]?.();
    assert.deepEqual(words(), [TAKEN, FREE]);
    releases[1]?.();
    assert.deepEqual(words(), [FREE, FREE]);
  });

  it("believes no piece that is not in one slot, not taken, or told twice", () => {
    const slots = claim(open());
    assert.ok(isRefused(slots, 0, 3), "a free slot");
    put(0, "abc");
    put(1, "abc");
    assert.ok(isRefused(slots, 1, SLOT_BYTES));
    assert.ok(isRefused(slots, SLOT_BYTES + 1, SLOT_BYTES));
    assert.ok(isRefused(slots, 2 * SLOT_BYTES, 1));
    assert.ok(isRefused(slots, 0xffff_ffff, 1));
    assert.ok(slots.take(0, SLOT_BYTES) !== undefined);
    const release = slots.keep();
    assert.ok(isRefused(slots, 0, 3), "told before");
    release();
    assert.deepEqual(words(), [FREE, TAKEN]);
  });

  it("leaves what a dead worker has taken to it until all that it said was read", () => {
    const memory = open();
    const dead = claim(memory);
    put(0, "abc");
    const alive = claim(memory);
    assert.deepEqual(words(), [TAKEN, FREE]);
    put(1, "defg");
    // Each has its own.
    assert.ok(isRefused(alive, 0, 3));
    assert.ok(isRefused(dead, SLOT_BYTES, 4));
    assert.equal(text(dead, 0, 3), "abc");
    const release = dead.keep();
    assert.equal(text(alive, SLOT_BYTES, 4), "defg");
    dead.close();
    assert.deepEqual(words(), [TAKEN, TAKEN]);
    release();
    assert.deepEqual(words(), [FREE, TAKEN]);
    // From now on it is the new one's.
    put(0, "hij");
    assert.ok(isRefused(dead, 0, 3));
    assert.equal(text(alive, 0, 3), "hij");
  });

  it("frees what a dead worker has taken and never told", () => {
    const memory = open();
    const first = claim(memory);
    put(0, "abc");
    const second = claim(memory);
    put(1, "def");
    const third = claim(memory);
    assert.deepEqual(words(), [TAKEN, TAKEN]);
    second.close();
    assert.deepEqual(words(), [TAKEN, FREE]);
    first.close();
    assert.deepEqual(words(), [FREE, FREE]);
    put(0, "ghi");
    third.close();
    claim(memory);
    assert.deepEqual(words(), [FREE, FREE]);
  });

  it("frees it where no other worker is given the place, but not what is read", () => {
    const dead = claim(open());
    put(0, "abc");
    put(1, "defg");
    assert.equal(text(dead, 0, 3), "abc");
    const release = dead.keep();
    dead.close();
    assert.deepEqual(words(), [TAKEN, FREE]);
    release();
    assert.deepEqual(words(), [FREE, FREE]);
  });

  it("frees what a living one has taken and will not tell, but nothing that is read", () => {
    const slots = claim(open());
    put(0, "abc");
    put(1, "def");
    assert.equal(text(slots, SLOT_BYTES, 3), "def");
    const release = slots.keep();
    slots.reclaim();
    assert.deepEqual(words(), [FREE, TAKEN]);
    release();
    slots.leave();
    assert.deepEqual(words(), [FREE, FREE]);
  });

  it("frees nothing for one that is dead: what is taken is its successor's", () => {
    const memory = open();
    const dead = claim(memory);
    const slots = claim(memory);
    put(0, "abc");
    dead.reclaim();
    assert.deepEqual(words(), [TAKEN, FREE]);
    assert.equal(text(slots, 0, 3), "abc");
  });

  it("keeps what is read beyond its end, and lets go of the memory then", () => {
    const memory = open();
    const slots = claim(memory);
    put(0, "abc");
    const view = slots.take(0, 3)?.subarray(0, 3);
    const release = slots.keep();
    slots.close();
    memory.close();
    assert.equal(Buffer.from(view ?? []).toString(), "abc");
    release();
    assert.deepEqual(words(), [FREE, FREE]);
    assert.equal(Buffer.from(view ?? []).toString(), "\0\0\0", "pages of nobody");
    assert.equal(bytes.toString("latin1", START, START + 3), "abc");
    assert.ok(isRefused(slots, 0, 3));
  });

  it("gives the addresses back once nothing can reach them", async () => {
    const atFirst = mappings();
    let memory: AnswerMemory | undefined = open();
    for (let thread = 0; thread < THREADS; thread++) claim(memory, 0, thread);
    assert.equal(mappings(), atFirst + THREADS);
    memory.close();
    memory = undefined;
    assert.equal(mappings(), atFirst);
    const addresses = sizeOfAddressSpace();
    v8.setFlagsFromString("--expose-gc");
    const collect: unknown = vm.runInNewContext("gc");
    assert.ok(typeof collect === "function");
    for (let tries = 0; sizeOfAddressSpace() > addresses - THREADS * PLACE_STRIDE; tries++) {
      assert.ok(tries < 1000, "nothing was given back");
      collect();
      await turn();
    }
  });

  function mappings(): number {
    const lines = readFileSync("/proc/self/maps", "latin1").split("\n");
    return lines.filter((line) => line.includes(path)).length;
  }

  it("is not there where nothing can be opened", () => {
    assert.equal(AnswerMemory.open(system, process.pid, -1, THREADS), undefined);
  });

  it("has no place where nothing can be mapped", () => {
    const memory = AnswerMemory.open({ ...system, mmap: () => -1 }, process.pid, descriptor, 1);
    assert.equal(memory?.claim(0, 0), undefined);
  });
});

function claim(memory: AnswerMemory, slot = 0, thread = 1): AnswerSlots {
  const slots = memory.claim(slot, thread);
  assert.ok(slots !== undefined);
  return slots;
}

function text(slots: AnswerSlots, start: number, length: number): string | undefined {
  const piece = slots.take(start, length)?.subarray(start, start + length);
  return piece && Buffer.from(piece).toString();
}

function sizeOfAddressSpace(): number {
  return (
    Number(/^VmSize:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "latin1"))?.[1]) * 1024
  );
}

/** Not compared: what tells of a difference would write out two megabytes. */
function isRefused(slots: AnswerSlots, start: number, length: number): boolean {
  return slots.take(start, length) === undefined;
}
