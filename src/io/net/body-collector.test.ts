import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import type { SharedSlot } from "../../core/http/exchange.ts";
import { BodyCollector } from "./body-collector.ts";
import { Budget } from "./budget.ts";
import { SpoolSpace } from "./spool-space.ts";

const MIB = 2 ** 20;
const KEEPER = { keep: (bytes: Uint8Array): Uint8Array => Buffer.from(bytes) };

const directory = mkdtempSync(join(tmpdir(), "rickhouse-body-"));
after(() => {
  rmSync(directory, { recursive: true });
});

let files = 0;
const disk = new SpoolSpace(1024 * MIB, 10);

async function stored(body: BodyCollector): Promise<Buffer> {
  while (!body.isStored) await new Promise((resolve) => setTimeout(resolve, 1));
  return body.path === undefined ? Buffer.concat(body.pieces) : readFileSync(body.path);
}

function newPath(): string {
  return join(directory, String(files++));
}

interface TestedSlot extends SharedSlot {
  letGoTimes: number;
}

function newSlot(bytes: number = MIB): TestedSlot {
  return {
    bytes: Buffer.alloc(bytes),
    letGoTimes: 0,
    letGo() {
      this.letGoTimes++;
    },
  };
}

function collector(
  takeSlot: () => SharedSlot | undefined,
  { memoryBytes = MIB, budgetBytes = 64 * MIB } = {},
): BodyCollector {
  const options = { memoryBytes, memory: new Budget(budgetBytes), disk, newPath, takeSlot };
  return new BodyCollector(options, () => {}, assert.fail);
}

/** Every byte tells where it should be. */
function bytesFrom(at: number, length: number): Buffer {
  return Buffer.from(Uint8Array.from({ length }, (_, index) => ((at + index) * 7) % 251));
}

/** As a socket does that reads where it may, `length` bytes in all. Returns how many of them needed no copy. */
function receive(body: BodyCollector, length: number, eachBytes: number): number {
  let inPlace = 0;
  for (let at = 0; at < length;) {
    const room = body.room(length - at);
    assert.ok((room?.length ?? 0) <= length - at);
    const bytes = bytesFrom(at, Math.min(eachBytes, length - at, room?.length ?? Infinity));
    at += bytes.length;
    if (room === undefined) {
      assert.ok(body.add(bytes, KEEPER));
      continue;
    }
    room.set(bytes);
    inPlace += bytes.length;
    assert.ok(body.add(room.subarray(0, bytes.length), KEEPER));
  }
  return inPlace;
}

for (const [where, takeSlot] of [
  ["blocks", (): undefined => undefined],
  ["a slot", newSlot],
  ["a slot at first", (): TestedSlot => newSlot(70_000)],
] as const) {
  describe(`a body that is read to where it stays, ${where}`, () => {
    for (const eachBytes of [1000, 64 * 1024, 100_000]) {
      it(`is whole, ${eachBytes} bytes at a time`, async () => {
        const body = collector(takeSlot);
        const inPlace = receive(body, 500_001, eachBytes);
        assert.ok(inPlace > 300_000, `${inPlace} bytes were not copied`);
        assert.deepEqual(await stored(body), bytesFrom(0, 500_001));
        body.dispose();
      });
    }

    it("has no room for more than fits into memory, nor for what goes to a file", async () => {
      const body = collector(takeSlot, { memoryBytes: 100_000 });
      assert.ok(body.add(bytesFrom(0, 60_000), KEEPER));
      assert.equal(body.room(40_001), undefined);
      assert.ok((body.room(40_000)?.length ?? 0) > 0);
      assert.ok(body.add(bytesFrom(60_000, 40_001), KEEPER));
      assert.equal(body.room(1), undefined);
      assert.deepEqual(await stored(body), bytesFrom(0, 100_001));
      body.dispose();
    });

    it("is whole in a file too, where memory ends with what was read in place", async () => {
      const body = collector(takeSlot, { budgetBytes: 70_000 });
      receive(body, 300_000, 30_000);
      assert.notEqual(body.path, undefined);
      assert.deepEqual(await stored(body), bytesFrom(0, 300_000));
      body.dispose();
    });

    it("is whole if what comes lies elsewhere after all", async () => {
      const body = collector(takeSlot);
      assert.ok(body.add(bytesFrom(0, 40_000), KEEPER));
      assert.notEqual(body.room(1000), undefined);
      const elsewhere = new Uint8Array(64 * 1024).fill(1);
      elsewhere.set(bytesFrom(40_000, 1000), 40_000);
      assert.ok(body.add(elsewhere.subarray(40_000, 41_000), KEEPER));
      assert.deepEqual(await stored(body), bytesFrom(0, 41_000));
      body.dispose();
    });

    it("has no room once it is disposed of", () => {
      const body = collector(takeSlot);
      receive(body, 100_000, 50_000);
      body.dispose();
      assert.equal(body.room(100), undefined);
    });
  });
}

describe("a body in a slot", () => {
  it("lies there from its start on, and gives it back once", () => {
    const slot = newSlot();
    const body = collector(() => slot);
    receive(body, 100_000, 30_000);
    assert.equal(body.slot, slot);
    assert.deepEqual(slot.bytes.subarray(0, 100_000), bytesFrom(0, 100_000));
    body.dispose();
    body.dispose();
    assert.equal(body.slot, undefined);
    assert.equal(slot.letGoTimes, 1);
  });

  it("gives it back when it has to go elsewhere", async () => {
    for (const budgetBytes of [MIB, 80_000]) {
      const slot = newSlot(90_000);
      const body = collector(() => slot, { budgetBytes });
      receive(body, 100_000, 30_000);
      assert.equal(slot.letGoTimes, 1);
      slot.bytes.fill(0);
      assert.equal(body.slot, undefined);
      assert.deepEqual(await stored(body), bytesFrom(0, 100_000));
      body.dispose();
      assert.equal(slot.letGoTimes, 1);
    }
  });

  it("takes none while it is small", () => {
    const body = collector(() => assert.fail());
    assert.ok(body.add(bytesFrom(0, 32 * 1024 - 1), KEEPER));
    body.dispose();
  });
});
