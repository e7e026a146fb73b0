import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readValues } from "./value-file.ts";

/** As mmap_dict.py writes it. */
function fileOf(entries: readonly (readonly [string, number, number])[]): Uint8Array {
  const parts: Buffer[] = [Buffer.alloc(8)];
  for (const [key, value, timestamp] of entries) {
    const encoded = Buffer.from(key);
    const padding = 8 - ((encoded.length + 4) % 8);
    const entry = Buffer.alloc(4 + encoded.length + padding + 16, " ");
    entry.writeInt32LE(encoded.length, 0);
    encoded.copy(entry, 4);
    entry.writeDoubleLE(value, 4 + encoded.length + padding);
    entry.writeDoubleLE(timestamp, 12 + encoded.length + padding);
    parts.push(entry);
  }
  const whole = Buffer.concat(parts);
  whole.writeInt32LE(whole.length, 0);
  return Buffer.concat([whole, Buffer.alloc(100)]);
}

describe("readValues", () => {
  for (let length = 1; length <= 9; length++) {
    it(`reads keys of ${length} bytes, whatever their padding`, () => {
      const key = "k".repeat(length);
      const file = fileOf([
        [key, 1.5, 0],
        [`${key}é`, -2, 1e9],
      ]);
      assert.deepEqual(readValues(file), [
        { key, value: 1.5, timestamp: 0 },
        { key: `${key}é`, value: -2, timestamp: 1e9 },
      ]);
    });
  }

  it("finds nothing in a file that was just made", () => {
    assert.deepEqual(readValues(new Uint8Array(0)), []);
    assert.deepEqual(readValues(new Uint8Array(65_536)), []);
  });

  it("refuses what is cut or broken", () => {
    const file = fileOf([["key", 1, 0]]);
    assert.throws(() => readValues(file.subarray(0, 20)), RangeError);
    const broken = Buffer.from(file);
    broken.writeInt32LE(10_000, 8);
    assert.throws(() => readValues(broken), RangeError);
    broken.writeInt32LE(-5, 8);
    assert.throws(() => readValues(broken), RangeError);
  });
});
