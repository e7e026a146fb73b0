import assert from "node:assert/strict";
import { closeSync, ftruncateSync, openSync, readSync, unlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { BodyMemory, SLOT_BYTES } from "./body-memory.ts";

const THREADS = 2;

describe("BodyMemory", { skip: process.platform !== "linux" && "there is no /proc" }, () => {
  const path = join(tmpdir(), `rickhouse-bodies-${process.pid}`);
  let descriptor = -1;
  before(() => {
    descriptor = openSync(path, "wx+", 0o600);
    ftruncateSync(descriptor, 4 * SLOT_BYTES);
  });
  after(() => {
    closeSync(descriptor);
    unlinkSync(path);
  });

  function open(): BodyMemory {
    const memory = BodyMemory.open(process.pid, descriptor, THREADS);
    assert.ok(memory !== undefined);
    return memory;
  }

  function read(at: number, length: number): string {
    const bytes = Buffer.alloc(length);
    readSync(descriptor, bytes, 0, length, at);
    return bytes.toString();
  }

  const ABC = [Buffer.from("ab"), Buffer.from("c")];

  it("puts bodies behind each other where the thread reads, and at the start once it is free", () => {
    const slot = open().claim(1, 1);
    assert.equal(slot.put(ABC, 3, true), 0);
    assert.equal(slot.put([Buffer.from("defg")], 4, false), 3);
    assert.equal(read(3 * SLOT_BYTES, 7), "abcdefg");
    assert.equal(slot.put([Buffer.from("xy")], 2, true), 0);
    assert.equal(read(3 * SLOT_BYTES, 7), "xycdefg");
  });

  it("takes nothing that does not fit", () => {
    const slot = open().claim(0, 0);
    const whole = [Buffer.alloc(SLOT_BYTES, "w")];
    assert.equal(slot.put([Buffer.alloc(SLOT_BYTES + 1)], SLOT_BYTES + 1, true), -1);
    assert.equal(slot.put(whole, SLOT_BYTES, true), 0);
    assert.equal(slot.put(ABC, 3, false), -1);
    assert.equal(read(SLOT_BYTES - 3, 3), "www");
  });

  it("writes nothing for a worker whose place another has", () => {
    const memory = open();
    const dead = memory.claim(0, 1);
    const alive = memory.claim(0, 1);
    assert.equal(alive.put(ABC, 3, true), 0);
    assert.equal(dead.put([Buffer.from("xyz")], 3, true), -1);
    assert.equal(read(SLOT_BYTES, 3), "abc");
  });

  it("writes nothing once it is closed", () => {
    const memory = open();
    const slot = memory.claim(0, 0);
    memory.close();
    assert.equal(slot.put(ABC, 3, true), -1);
  });

  it("is not there where nothing can be opened", () => {
    assert.equal(BodyMemory.open(process.pid, -1, THREADS), undefined);
  });
});
