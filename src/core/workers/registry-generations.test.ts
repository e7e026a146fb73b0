// Reload, a lost zygote, drain and end: what happens to whole generations.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { lineOf, OPTIONS, servingRegistry } from "../../../test/support/registry-lines.ts";
import type { RegistryCommand, RegistryOptions } from "./commands.ts";
import { Registry } from "./registry.ts";

let registry = new Registry(OPTIONS);

/** Of all commands. */
const lines = (commands: RegistryCommand[]): string[] => commands.map(lineOf);

function serving(options: Partial<RegistryOptions> = {}): void {
  registry = servingRegistry(options);
}

/** Three workers where one is the least, all in the middle of requests. */
function grown(): void {
  serving({ minWorkers: 1, maxWorkers: 3, isBusy: () => true });
  registry.resize(3, 0);
  for (const worker of [2, 3]) {
    registry.forked(worker, 1000 + worker, 1);
    registry.hello(worker, 0, 1);
  }
}

describe("reload of a server that has grown to its maximum", () => {
  it("keeps the maximum: one worker goes before each that comes", () => {
    grown();
    assert.deepEqual(lines(registry.reload(2)).slice(0, 2), [
      "startZygote 2",
      "info: reload: generation 2 starts",
    ]);
    let next = 4;
    const leaving = [...registry.workers.values()].filter(({ state }) => state === "retiring");
    assert.equal(leaving.length, 1);
    assert.deepEqual(lines(registry.zygoteLoaded(2, 100)), [], "no place yet");
    while (registry.ready < 3 || [...registry.workers.values()].some(({ id }) => id <= 3)) {
      const [retiring] = [...registry.workers.values()].filter(({ state }) => state === "retiring");
      if (retiring !== undefined) registry.exited(retiring.id, 0, null, 101);
      assert.ok(registry.workers.size <= 3, `${registry.workers.size} workers`);
      const [starting] = [...registry.workers.values()].filter(({ state }) => state === "starting");
      if (starting !== undefined) registry.hello(starting.id, 0, 102);
      assert.ok(registry.workers.size <= 3, `${registry.workers.size} workers`);
      assert.ok(next++ < 20, "it comes to an end");
    }
    assert.deepEqual(
      [...registry.workers.values()].map(({ generation }) => generation.id),
      [2, 2, 2],
    );
  });

  it("kills nobody for it when the new code does not import", () => {
    grown();
    assert.deepEqual(lines(registry.reload(2)).slice(2), ["retire 3"]);
    registry.zygoteFailed(2, "SyntaxError", 100);
    assert.deepEqual(lines(registry.tick(60_000, 0)), []);
    assert.equal(registry.workers.get(3)?.state, "retiring");
  });

  it("waits for the graceful time at most until there is a place for the new code", () => {
    grown();
    registry.reload(2);
    assert.deepEqual(lines(registry.zygoteLoaded(2, 100)), []);
    assert.deepEqual(lines(registry.tick(25_100, 0)), [
      "warning: worker 3 (pid 1003) did not finish in time",
      "KILL 3",
      "fork 4 in 2",
    ]);
  });
});

describe("reload", () => {
  it("starts a generation beside the old, and retires the old worker for worker", () => {
    serving();
    assert.deepEqual(lines(registry.reload(0)), [
      "startZygote 2",
      "info: reload: generation 2 starts",
    ]);
    assert.deepEqual(lines(registry.zygoteLoaded(2, 1)), ["fork 3 in 2", "fork 4 in 2"]);
    assert.deepEqual(lines(registry.hello(3, 0, 2)), [
      "admit 3/0",
      "info: generation 2 serves",
      "retire 1",
    ]);
    assert.deepEqual(lines(registry.hello(4, 0, 3)), ["admit 4/0", "retire 2"]);
    assert.deepEqual(lines(registry.exited(1, 0, null, 4)), []);
    assert.deepEqual(lines(registry.exited(2, 0, null, 5)), ["stopZygote 1"]);
    assert.deepEqual(lines(registry.zygoteLost(1, 6)), []);
  });

  it("never has more workers than the maximum, or one above a full pool", () => {
    serving({ minWorkers: 2, maxWorkers: 2 });
    registry.reload(0);
    assert.deepEqual(lines(registry.zygoteLoaded(2, 1)), ["fork 3 in 2"]);
    assert.deepEqual(lines(registry.hello(3, 0, 2)).slice(2), ["retire 1"]);
    assert.deepEqual(lines(registry.exited(1, 0, null, 3)), ["fork 4 in 2"]);
    assert.deepEqual(lines(registry.hello(4, 0, 4)), ["admit 4/0", "retire 2"]);
  });

  it("keeps the old when the new does not import", () => {
    serving();
    registry.reload(0);
    assert.deepEqual(lines(registry.zygoteFailed(2, "SyntaxError", 1)), [
      "error: reload failed: the application does not import: SyntaxError; generation 1 serves on",
    ]);
    assert.deepEqual(lines(registry.zygoteLost(2, 2)), []);
    assert.deepEqual(lines(registry.exited(1, 1, null, 60_000)).slice(1), ["fork 3 in 1"]);
  });

  it("keeps the old when the new workers cannot import", () => {
    serving();
    registry.reload(0);
    registry.zygoteLoaded(2, 1);
    assert.deepEqual(lines(registry.exited(3, 3, null, 2)), [
      "error: worker 3 exited with status 3 before it was ready",
      "error: reload failed: its workers do not get ready; generation 1 serves on",
      "KILL 4",
    ]);
    assert.equal(registry.workers.get(4)?.isUnneeded, true, "its end is no death");
    assert.deepEqual(lines(registry.exited(4, null, "SIGKILL", 3)), ["stopZygote 2"]);
  });

  it("keeps the old when the new workers die before they are ready, three times", () => {
    serving();
    registry.reload(0);
    registry.zygoteLoaded(2, 1);
    registry.exited(3, 1, null, 2);
    registry.exited(4, 1, null, 2);
    registry.tick(102, 0);
    registry.exited(5, 1, null, 103);
    registry.exited(6, 1, null, 103);
    registry.tick(303, 0);
    assert.deepEqual(lines(registry.exited(7, 1, null, 304)), [
      "error: worker 7 exited with status 1 before it was ready",
      "error: reload failed: its workers do not get ready; generation 1 serves on",
      "stopZygote 2",
    ]);
  });

  it("does so too when each of them takes a minute for it", () => {
    serving({ startTimeoutMs: 60_000 });
    registry.reload(0);
    registry.zygoteLoaded(2, 0);
    registry.tick(60_000, 0);
    registry.exited(3, null, "SIGKILL", 60_001);
    registry.exited(4, null, "SIGKILL", 60_001);
    registry.tick(60_100, 0);
    registry.tick(120_100, 0);
    registry.exited(5, null, "SIGKILL", 120_101);
    registry.exited(6, null, "SIGKILL", 120_101);
    registry.tick(120_300, 0);
    assert.deepEqual(lines(registry.tick(180_300, 0)), [
      "KILL 7",
      "error: worker 7 did not get ready in time before it was ready",
      "error: reload failed: its workers do not get ready; generation 1 serves on",
    ]);
  });

  it("keeps the old when the new does not load in time", () => {
    serving();
    registry.reload(0);
    assert.deepEqual(lines(registry.tick(5000, 0)), [
      "stopZygote 2 by force",
      "error: reload failed: the application did not load in time; generation 1 serves on",
    ]);
    assert.deepEqual(lines(registry.zygoteLost(2, 5001)), []);
  });

  it("during a reload wins over it", () => {
    serving();
    registry.reload(0);
    registry.zygoteLoaded(2, 1);
    assert.deepEqual(lines(registry.reload(2)), [
      "startZygote 3",
      "info: reload: generation 3 starts",
      "KILL 3",
      "KILL 4",
    ]);
    registry.exited(3, null, "SIGKILL", 3);
    assert.deepEqual(lines(registry.exited(4, null, "SIGKILL", 3)), ["stopZygote 2"]);
    assert.deepEqual(lines(registry.zygoteLoaded(3, 4)), ["fork 5 in 3", "fork 6 in 3"]);
  });

  it("that is dropped while it loads is killed: an import hears nothing", () => {
    serving();
    registry.reload(0);
    assert.deepEqual(lines(registry.reload(1)).slice(2), ["stopZygote 2 by force"]);
    assert.deepEqual(lines(registry.zygoteLoaded(2, 2)), [], "too late");
  });

  it("kills an old worker that does not finish within the graceful time", () => {
    serving({ startTimeoutMs: 0 });
    registry.reload(0);
    registry.zygoteLoaded(2, 0);
    registry.hello(3, 0, 0);
    assert.equal(registry.nextTickAt, 25_000);
    assert.deepEqual(lines(registry.tick(25_000, 0)), [
      "warning: worker 1 (pid 1001) did not finish in time",
      "KILL 1",
    ]);
  });

  it("gives a worker that finishes without a limit the graceful time, once the new code has no place", () => {
    serving({ maxWorkers: 2 });
    registry.recycle(1, 0);
    registry.hello(3, 0, 1);
    registry.reload(1000);
    assert.equal(registry.workers.get(1)?.deadline, Infinity, "the import may fail yet");
    assert.deepEqual(lines(registry.zygoteLoaded(2, 2000)), []);
    assert.deepEqual(lines(registry.tick(27_000, 0)), [
      "warning: worker 1 (pid 1001) did not finish in time",
      "KILL 1",
      "fork 4 in 2",
    ]);
  });

  it("does so too when that worker's successor was still to come", () => {
    serving({ maxWorkers: 2 });
    registry.recycle(1, 0);
    registry.reload(1000);
    registry.zygoteLoaded(2, 2000);
    assert.deepEqual(lines(registry.hello(3, 0, 3000)), ["admit 3/0", "retire 1"]);
    assert.equal(registry.workers.get(1)?.deadline, 28_000);
  });

  it("gives it the graceful time also where there is room, once the new code serves", () => {
    serving();
    registry.recycle(1, 0);
    registry.hello(3, 0, 1);
    registry.reload(1000);
    registry.zygoteLoaded(2, 2000);
    assert.equal(registry.workers.get(1)?.deadline, Infinity);
    registry.hello(4, 0, 3000);
    assert.equal(registry.workers.get(1)?.deadline, 28_000);
  });

  it("comes before the replacement of who is over a limit", () => {
    serving({ maxWorkers: 2 });
    registry.reload(0);
    assert.deepEqual(lines(registry.recycle(1, 1)), []);
    assert.deepEqual(lines(registry.zygoteLoaded(2, 2)), ["fork 3 in 2"]);
    registry.recycle(3, 3);
    assert.deepEqual(lines(registry.hello(3, 0, 4)).slice(2), ["retire 1"]);
    assert.deepEqual(lines(registry.exited(1, 0, null, 5)), ["fork 4 in 2"]);
    assert.deepEqual(lines(registry.hello(4, 0, 6)), ["admit 4/0", "retire 2"]);
    assert.deepEqual(lines(registry.exited(2, 0, null, 7)), ["fork 5 in 2", "stopZygote 1"]);
    assert.deepEqual(lines(registry.hello(5, 0, 8)), ["admit 5/0", "retire 3"]);
  });

  it("that fails lets the replacement go on", () => {
    serving({ maxWorkers: 2 });
    registry.reload(0);
    registry.recycle(1, 1);
    assert.deepEqual(lines(registry.zygoteFailed(2, "SyntaxError", 2)).slice(1), ["fork 3 in 1"]);
  });

  it("replaces a crashed worker of the old generation until the new one is proven", () => {
    serving();
    registry.reload(0);
    registry.zygoteLoaded(2, 0);
    assert.deepEqual(lines(registry.exited(1, 1, null, 60_000)).slice(1), ["fork 5 in 1"]);
  });
});

describe("a lost zygote", () => {
  it("is replaced by a new generation, while the orphans serve on", () => {
    serving();
    assert.deepEqual(lines(registry.zygoteLost(1, 60_000)), [
      "CONT 1 pid 1001",
      "CONT 2 pid 1002",
      "error: the zygote has ended; its workers serve on until others are ready",
      "startZygote 2",
    ]);
    registry.zygoteLoaded(2, 60_100);
    assert.deepEqual(lines(registry.hello(3, 0, 60_101)).slice(2), ["retire 1"]);
    assert.deepEqual(lines(registry.channelLost(1, 60_102)), []);
    assert.equal(registry.workers.has(1), false);
  });

  it("leaves no worker behind that had no channel yet", () => {
    serving();
    registry.scale(3, 0);
    registry.forked(3, 1003, 1);
    assert.deepEqual(lines(registry.zygoteLost(1, 2)).slice(0, 3), [
      "CONT 1 pid 1001",
      "CONT 2 pid 1002",
      "KILL 3 pid 1003",
    ]);
    assert.equal(registry.workers.has(3), false);
    assert.deepEqual(lines(registry.hello(3, 0, 3)), ["refuse 3/0"]);
  });

  it("kills once more whom it may not have killed", () => {
    serving();
    registry.condemn(1, "broke the protocol", 0);
    assert.equal(lines(registry.zygoteLost(1, 1)).includes("KILL 1 pid 1001"), true);
    registry.channelLost(1, 2);
    assert.equal(registry.workers.has(1), false);
  });

  it("notes an orphan that leaves unasked", () => {
    serving();
    registry.zygoteLost(1, 0);
    assert.deepEqual(lines(registry.channelLost(1, 1)), ["error: worker 1 (pid 1001) left"]);
  });

  it("that gets lost soon again is replaced later", () => {
    serving();
    registry.zygoteLost(1, 100);
    assert.deepEqual(lines(registry.zygoteFailed(2, "MemoryError", 200)), [
      "error: the application does not import: MemoryError; another try follows",
    ]);
    assert.equal(registry.nextTickAt, 400);
    assert.deepEqual(lines(registry.tick(400, 0)), ["startZygote 3"]);
  });

  it("during a reload leaves the reload to take over", () => {
    serving();
    registry.reload(0);
    assert.equal(lines(registry.zygoteLost(1, 1)).includes("startZygote 3"), false);
    registry.zygoteLoaded(2, 2);
    assert.equal(lines(registry.hello(3, 0, 3)).includes("retire 1"), true);
  });
});

describe("the end", () => {
  it("drains, lets the workers finish, stops the zygote", () => {
    serving();
    assert.deepEqual(lines(registry.drain(0)), []);
    assert.deepEqual(lines(registry.finish(10)), ["retire 1", "retire 2"]);
    registry.exited(1, 0, null, 11);
    assert.deepEqual(lines(registry.exited(2, 0, null, 12)), ["stopZygote 1"]);
    assert.deepEqual(lines(registry.zygoteLost(1, 13)), ["drained"]);
    assert.equal(registry.nextTickAt, Infinity);
    assert.deepEqual(lines(registry.tick(30_000, 0)), []);
  });

  it("replaces nobody who dies while others are there", () => {
    serving();
    registry.drain(0);
    assert.deepEqual(lines(registry.exited(1, 1, null, 1)).slice(1), []);
  });

  it("starts workers again when none is left and requests wait", () => {
    serving();
    registry.drain(0);
    registry.exited(1, 1, null, 100);
    registry.exited(2, 1, null, 101);
    assert.equal(registry.nextTickAt, 151);
    assert.deepEqual(lines(registry.tick(151, 0)), [], "nothing waits");
    assert.deepEqual(lines(registry.tick(201, 7)), ["fork 3 in 1", "fork 4 in 1"]);
  });

  it("calls a reload off, and starts none", () => {
    serving();
    registry.reload(0);
    assert.deepEqual(lines(registry.drain(1)), ["stopZygote 2 by force"]);
    assert.deepEqual(lines(registry.reload(2)), []);
    assert.deepEqual(lines(registry.drain(3)), []);
  });

  it("before the first worker is ready is no failure", () => {
    registry = new Registry(OPTIONS);
    registry.start(0);
    assert.deepEqual(lines(registry.finish(1)), ["stopZygote 1 by force"]);
    assert.deepEqual(lines(registry.zygoteLost(1, 2)), ["drained"]);
  });

  it("kills what does not finish within the graceful time, counted from the drain", () => {
    serving();
    registry.drain(0);
    registry.finish(20_000);
    assert.equal(registry.nextTickAt, 25_000);
    assert.deepEqual(lines(registry.tick(25_000, 0)), ["KILL 1", "KILL 2"]);
    registry.exited(1, null, "SIGKILL", 25_001);
    assert.deepEqual(lines(registry.exited(2, null, "SIGKILL", 25_002)), ["stopZygote 1"]);
    assert.deepEqual(lines(registry.zygoteLost(1, 25_003)), ["drained"]);
  });

  it("does not wait for ever for reports", () => {
    serving();
    registry.drain(0);
    registry.tick(25_000, 3);
    assert.equal(registry.nextTickAt, 26_000);
    assert.deepEqual(lines(registry.tick(26_000, 3)), ["stopZygote 1 by force", "drained"]);
  });

  it("comes at once when it is asked for", () => {
    serving();
    registry.drain(0);
    assert.deepEqual(lines(registry.endAtOnce(100)), ["KILL 1", "KILL 2"]);
    assert.deepEqual(lines(registry.endAtOnce(101)), []);
  });

  it("kills a zygote that does not stop", () => {
    serving({ minWorkers: 1 });
    registry.reload(0);
    registry.zygoteLoaded(2, 0);
    registry.hello(2, 0, 1);
    assert.deepEqual(lines(registry.exited(1, 0, null, 2)), ["stopZygote 1"]);
    assert.equal(registry.nextTickAt, 25_002);
    assert.deepEqual(lines(registry.tick(25_002, 0)), ["stopZygote 1 by force"]);
  });
});
