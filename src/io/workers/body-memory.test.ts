import assert from "node:assert/strict";
import { closeSync, ftruncateSync, openSync, readSync, unlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { StoredBody } from "../../core/http/exchange.ts";
import { type Libc, loadLibc } from "../sockets/libc.ts";
import { BodyMemory, SLOT_BYTES } from "./body-memory.ts";

const SLOTS = 8;
const libc = loadLibc();
const NO_PROC = process.platform !== "linux" && "there is no /proc";
const NO_MAPPING = libc === undefined && "this process cannot map memory";

function bodyOf(text: string, slot?: StoredBody["slot"]): StoredBody {
  const pieces = [Buffer.from(text.slice(0, 2)), Buffer.from(text.slice(2))];
  return { length: text.length, pieces, slot, path: undefined, dispose: assert.fail };
}

describe("BodyMemory", { skip: NO_PROC }, () => {
  const path = join(tmpdir(), `rickhouse-bodies-${process.pid}`);
  let descriptor = -1;
  before(() => {
    descriptor = openSync(path, "wx+", 0o600);
    ftruncateSync(descriptor, SLOTS * SLOT_BYTES);
  });
  after(() => {
    closeSync(descriptor);
    unlinkSync(path);
  });

  function open(by: Libc | undefined = libc): BodyMemory {
    const memory = BodyMemory.open(process.pid, descriptor, by);
    assert.ok(memory !== undefined);
    assert.equal(memory.free, SLOTS);
    return memory;
  }

  /** As a worker sees it. */
  function read(at: number, length: number): string {
    const bytes = Buffer.alloc(length);
    readSync(descriptor, bytes, 0, length, at);
    return bytes.toString();
  }

  it(
    "lends a body from where it was written, which is free when nobody needs it",
    { skip: NO_MAPPING },
    () => {
      const memory = open();
      const slot = memory.take();
      assert.equal(slot?.bytes.length, SLOT_BYTES);
      slot.bytes.write("abcdef");
      const body = bodyOf("abcdef", slot);
      const [first, second] = [memory.lend(body), memory.lend(body)];
      assert.equal(first?.start, second?.start);
      assert.equal(read(first?.start ?? -1, 6), "abcdef");
      assert.equal(memory.free, SLOTS - 1);
      first?.letGo();
      slot.letGo();
      assert.equal(memory.free, SLOTS - 1);
      second?.letGo();
      assert.equal(memory.free, SLOTS);
      // What was used last is used next.
      assert.equal(memory.take(), slot);
    },
  );

  it("copies what lies elsewhere, another generation's memory too", () => {
    const [memory, other] = [open(), open()];
    const lent = memory.lend(bodyOf("copied", other.take()));
    assert.equal(read(lent?.start ?? -1, 6), "copied");
    assert.equal(memory.free, SLOTS - 1);
    lent?.letGo();
    assert.equal(memory.free, SLOTS);
  });

  it("leaves a quarter to bodies that are here already", { skip: NO_MAPPING }, () => {
    const memory = open();
    const taken = Array.from({ length: SLOTS }, () => memory.take());
    const starts = new Set<number>();
    assert.equal(taken.filter((slot) => slot !== undefined).length, SLOTS * 0.75);
    for (let count = 0; count < SLOTS * 0.25; count++) {
      starts.add(memory.lend(bodyOf("abc"))?.start ?? -1);
    }
    assert.equal(starts.size, SLOTS * 0.25);
    assert.equal(starts.has(-1), false);
    assert.equal(memory.lend(bodyOf("abc")), undefined);
  });

  it("takes nothing that does not fit, and loses no slot by it", () => {
    const memory = open();
    const large = { ...bodyOf(""), length: SLOT_BYTES + 1, pieces: [Buffer.alloc(SLOT_BYTES + 1)] };
    assert.equal(memory.lend(large), undefined);
    // What it is said to have and has not.
    assert.equal(memory.lend({ ...bodyOf("abc"), length: 4 }), undefined);
    assert.equal(memory.free, SLOTS);
  });

  it("has nothing to write to where it cannot be mapped", () => {
    const memory = BodyMemory.open(process.pid, descriptor, undefined);
    assert.equal(memory?.take(), undefined);
    assert.equal(read(memory?.lend(bodyOf("still"))?.start ?? -1, 5), "still");
  });

  it("gives no slot any more once nobody tells who has died", () => {
    const memory = open();
    const lent = memory.lend(bodyOf("abc"));
    memory.retire();
    assert.equal(memory.take(), undefined);
    assert.equal(memory.lend(bodyOf("abc")), undefined);
    lent?.letGo();
    assert.equal(memory.lend(bodyOf("abc")), undefined);
  });

  it("leaves what lies there once nobody tells who has died", { skip: NO_MAPPING }, async () => {
    const memory = open();
    const slots = Array.from({ length: 6 }, () => memory.take());
    for (const [index, slot] of slots.entries()) slot?.bytes.write(`reads ${index}`);
    memory.retire();
    for (const slot of slots) slot?.letGo();
    // What is free is given back after a second.
    await new Promise((resolve) => setTimeout(resolve, 2500));
    for (const [index, slot] of slots.entries()) {
      assert.equal(slot?.bytes.toString("latin1", 0, 7), `reads ${index}`);
    }
  });

  it(
    "is gone when it is closed, but for what is still being written to",
    { skip: NO_MAPPING },
    () => {
      const memory = open();
      const slot = memory.take();
      slot?.bytes.write("before");
      memory.close();
      assert.equal(memory.take(), undefined);
      slot?.bytes.write("behind");
      assert.equal(slot?.bytes.toString("latin1", 0, 6), "behind");
      slot?.letGo();
      assert.equal(slot?.bytes.toString("latin1", 0, 6), "\0".repeat(6));
    },
  );

  it("is not there where nothing can be opened", () => {
    assert.equal(BodyMemory.open(process.pid, -1, libc), undefined);
  });
});
