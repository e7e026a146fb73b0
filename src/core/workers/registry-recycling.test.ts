// Workers that are over a limit: who is replaced when, and by whom.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  OPTIONS,
  notes,
  lines,
  servingRegistry,
  statesOf,
} from "../../../test/support/registry-lines.ts";
import type { RegistryOptions } from "./commands.ts";
import { Registry } from "./registry.ts";

let registry = new Registry(OPTIONS);

const states = (): string[] => statesOf(registry);

function serving(options: Partial<RegistryOptions> = {}): void {
  registry = servingRegistry(options);
}

describe("recycling", () => {
  it("spawns ahead, proves ready, then retires", () => {
    serving();
    assert.deepEqual(lines(registry.recycle(1, 0)), ["fork 3 in 1"]);
    assert.deepEqual(states(), ["1 ready", "2 ready", "3 starting"]);
    assert.deepEqual(lines(registry.hello(3, 0, 1)), ["admit 3/0", "retire 1"]);
    assert.deepEqual(lines(registry.recycle(1, 2)), [], "it leaves already");
  });

  it("replaces one after the other, the longest-serving first, also when all are over a limit", () => {
    serving({ minWorkers: 3, maxWorkers: 3 });
    assert.deepEqual(lines(registry.recycle(2, 0)), ["fork 4 in 1"]);
    assert.deepEqual(lines(registry.recycle(3, 0)), []);
    assert.deepEqual(lines(registry.recycle(1, 0)), []);
    assert.deepEqual(lines(registry.hello(4, 0, 1)), ["admit 4/0", "retire 2"]);
    // A full pool: the next successor needs the place of the one that leaves.
    assert.deepEqual(lines(registry.exited(2, 0, null, 2)), ["fork 5 in 1"]);
    assert.deepEqual(lines(registry.hello(5, 0, 3)), ["admit 5/0", "retire 1"]);
    assert.deepEqual(lines(registry.exited(1, 0, null, 4)), ["fork 6 in 1"]);
    assert.deepEqual(lines(registry.hello(6, 0, 5)), ["admit 6/0", "retire 3"]);
    assert.deepEqual(lines(registry.exited(3, 0, null, 6)), []);
    assert.deepEqual(states(), ["4 ready", "5 ready", "6 ready"]);
  });

  it("waits for the threads of a worker that are not ready yet", () => {
    registry = new Registry({ ...OPTIONS, minWorkers: 1, threads: 2 });
    registry.start(0);
    registry.zygoteLoaded(1, 0);
    registry.hello(1, 0, 0);
    assert.deepEqual(lines(registry.recycle(1, 1)), []);
    assert.deepEqual(lines(registry.hello(1, 1, 2)), ["admit 1/1", "fork 2 in 1"]);
  });

  it("replaces as many at a time as it is told to", () => {
    serving({ minWorkers: 4, maxWorkers: 4, maxReplacing: 2 });
    assert.deepEqual(lines(registry.recycle(1, 0)), ["fork 5 in 1"]);
    assert.deepEqual(lines(registry.recycle(2, 0)), ["fork 6 in 1"]);
    assert.deepEqual(lines(registry.recycle(3, 0)), []);
    assert.deepEqual(lines(registry.hello(5, 0, 1)), ["admit 5/0", "retire 1"]);
    assert.deepEqual(lines(registry.hello(6, 0, 1)), ["admit 6/0", "retire 2"]);
    assert.deepEqual(lines(registry.exited(1, 0, null, 2)), ["fork 7 in 1"]);
  });

  it("lets a worker serve on while its successor dies, and counts its own death as any other", () => {
    serving({ minWorkers: 1, maxWorkers: 1 });
    registry.recycle(1, 0);
    assert.deepEqual(lines(registry.exited(2, 1, null, 1)), []);
    assert.deepEqual(states(), ["1 ready"]);
    assert.deepEqual(lines(registry.tick(registry.nextTickAt, 0)), ["fork 3 in 1"]);
    registry.exited(1, null, "SIGSEGV", 200);
    assert.deepEqual(lines(registry.hello(3, 0, 201)), ["admit 3/0"]);
    assert.deepEqual(states(), ["3 ready"]);
  });

  it("has no limit of time for the requests of the old one, only for its end", () => {
    serving({ minWorkers: 1, maxWorkers: 1 });
    registry.recycle(1, 0);
    registry.hello(2, 0, 1);
    assert.equal(registry.nextTickAt, Infinity);
    registry.channelLost(1, 600_000);
    assert.equal(registry.nextTickAt, 625_000);
    assert.deepEqual(lines(registry.tick(625_000, 0)), ["KILL 1"]);
  });

  it("waits for one that finishes for long, where the next would have no place, and says so once", () => {
    serving({ minWorkers: 2, maxWorkers: 2 });
    registry.recycle(1, 0);
    assert.deepEqual(lines(registry.hello(3, 0, 1)), ["admit 3/0", "retire 1"]);
    assert.deepEqual(lines(registry.recycle(2, 5000)), []);
    assert.equal(registry.workers.get(2)?.isRecycled, false, "it is one of two still");
    assert.deepEqual(registry.tick(10_000, 0), []);
    assert.equal(registry.nextTickAt, 10_001);
    assert.deepEqual(notes(registry.tick(10_001, 0)), [
      "warning: worker 1 (pid 1001) has yet to finish: no other is replaced before it has left",
    ]);
    assert.equal(registry.nextTickAt, Infinity);
    assert.deepEqual(registry.recycle(3, 20_000), []);
    assert.deepEqual(lines(registry.exited(1, 0, null, 600_000)), ["fork 4 in 1"]);
    assert.deepEqual(lines(registry.hello(4, 0, 600_001)), ["admit 4/0", "retire 2"]);
  });

  it("waits for nobody where the next has a place", () => {
    serving();
    registry.recycle(1, 0);
    registry.hello(3, 0, 1);
    assert.deepEqual(lines(registry.recycle(2, 20_000)), ["fork 4 in 1"]);
    assert.equal(registry.nextTickAt, 25_000, "of the start");
  });

  it("of a worker whose requests never end holds up neither a drain nor its end", () => {
    serving({ minWorkers: 1, maxWorkers: 1 });
    registry.recycle(1, 0);
    registry.hello(2, 0, 1);
    registry.drain(100);
    assert.deepEqual(lines(registry.tick(25_100, 0)), ["KILL 1", "KILL 2"]);
  });
});
