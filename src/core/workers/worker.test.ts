import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { RestartPolicy } from "./restart-policy.ts";
import type { WorkerState } from "./state.ts";
import { describeExit, isFresh, isOccupying, isStaffed, isUnasked, nameOf } from "./worker.ts";
import type { Worker } from "./worker.ts";

const STATES: WorkerState[] = ["starting", "ready", "retiring", "aborting", "killed", "gone"];

function workerOf(facts: Partial<Worker>): Worker {
  return {
    id: 3,
    generation: {
      id: 1,
      bornAt: 0,
      policy: new RestartPolicy(() => 0),
      zygote: "loaded",
      readyAt: 0,
      deadline: Infinity,
      isForced: false,
    },
    bornAt: 0,
    state: "ready",
    pid: undefined,
    readyAt: 0,
    threads: new Set(),
    openChannels: 0,
    isUnneeded: false,
    isOrphan: false,
    isDue: false,
    isRecycled: false,
    awaitedAt: Infinity,
    hasLeft: false,
    hadLeftBefore: false,
    deadline: Infinity,
    lapse: "kill",
    ...facts,
  };
}

describe("the questions asked of workers", () => {
  it("who serves or will, and who still holds what an application holds", () => {
    const staffed = STATES.filter((state) => isStaffed(workerOf({ state })));
    const occupying = STATES.filter((state) => isOccupying(workerOf({ state })));
    assert.deepEqual(staffed, ["starting", "ready"]);
    assert.deepEqual(occupying, ["starting", "ready", "retiring"]);
  });

  it("who counts towards the number that there should be", () => {
    assert.equal(isFresh(workerOf({})), true);
    assert.equal(isFresh(workerOf({ isRecycled: true })), false);
    const left = STATES.filter((state) => isUnasked(workerOf({ state, hasLeft: true })));
    assert.deepEqual(left, ["starting", "ready", "retiring"]);
    assert.equal(isUnasked(workerOf({ state: "retiring" })), false);
    assert.equal(isFresh(workerOf({ state: "retiring" })), false);
  });
});

describe("the words for the log", () => {
  it("name a worker and how it ended", () => {
    assert.equal(nameOf(workerOf({ pid: 4711 })), "worker 3 (pid 4711)");
    assert.equal(nameOf(workerOf({})), "worker 3");
    assert.equal(describeExit(1, null), "exited with status 1");
    assert.equal(describeExit(null, "SIGSEGV"), "was ended by SIGSEGV");
  });
});
