import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { defaultBufferMemory, defaultWorkers } from "./machine-defaults.ts";
import type { Known } from "./option.ts";

const MIB = 2 ** 20;
const GIB = 2 ** 30;

function machine(cores: number, memoryBytes: number): Known {
  return { cores, memoryBytes, maxWorkers: 0, findPython: () => "", passedSockets: [] };
}

describe("defaultWorkers", () => {
  it("is one a core to eight a core, at most 32 unless there are more cores", () => {
    assert.deepEqual(defaultWorkers(machine(1, 64 * GIB)), { min: 1, max: 8 });
    assert.deepEqual(defaultWorkers(machine(4, 64 * GIB)), { min: 4, max: 32 });
    assert.deepEqual(defaultWorkers(machine(64, 64 * GIB)), { min: 64, max: 64 });
  });

  it("is no more than have room in memory", () => {
    assert.deepEqual(defaultWorkers(machine(4, GIB)), { min: 4, max: 14 });
    assert.deepEqual(defaultWorkers(machine(4, 512 * MIB)), { min: 4, max: 6 });
    assert.deepEqual(defaultWorkers(machine(4, 256 * MIB)), { min: 2, max: 2 });
  });

  it("is one where there is hardly any", () => {
    assert.deepEqual(defaultWorkers(machine(4, 100 * MIB)), { min: 1, max: 1 });
    assert.deepEqual(defaultWorkers(machine(1, 0)), { min: 1, max: 1 });
  });
});

describe("defaultBufferMemory", () => {
  it("is 256 MiB, a quarter where that is less, and enough for a few requests", () => {
    assert.equal(defaultBufferMemory(machine(2, 16 * GIB)), 256 * MIB);
    assert.equal(defaultBufferMemory(machine(2, 512 * MIB)), 128 * MIB);
    assert.equal(defaultBufferMemory(machine(2, 301 * MIB)), 75 * MIB);
    assert.equal(defaultBufferMemory(machine(2, 0)), 16 * MIB);
  });
});
