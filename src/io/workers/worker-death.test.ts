import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Figures } from "../../core/metrics/figures.ts";
import { History } from "../../core/metrics/history.ts";
import type { WorkerState } from "../../core/workers/state.ts";
import { OomKills } from "./oom-kills.ts";
import { endCauseOf, noteDeath, noteExit } from "./worker-death.ts";
import { newWorkerRecord } from "./worker-record.ts";

const exited = (status: number) => ({ status, signal: null, ledger: [] });
const killed = { status: null, signal: "SIGKILL", ledger: [] };

describe("endCauseOf", () => {
  it("tells a crash from an exit, and both from an end that was asked for", () => {
    assert.equal(endCauseOf(killed, "ready", false), "signal");
    assert.equal(endCauseOf(exited(0), "ready", false), "exit");
    assert.equal(endCauseOf(exited(3), "starting", false), "exit");
    assert.equal(endCauseOf(exited(0), "retiring", false), undefined);
    assert.equal(endCauseOf(exited(1), "retiring", false), "exit");
  });

  it("names what the server did itself", () => {
    assert.equal(endCauseOf(killed, "killed", false), "killed");
    assert.equal(endCauseOf(killed, "aborting", true), "timeout");
  });

  it("knows nothing of one whose zygote is gone", () => {
    assert.equal(endCauseOf(undefined, "ready", false), "lost");
    assert.equal(endCauseOf(undefined, "retiring", false), undefined);
  });
});

describe("noteExit", () => {
  it("leaves a kill for want of memory to whom the server has not killed itself", () => {
    const kills = new OomKills(() => newWorkerRecord(1, 1, 1).oomKillsBefore + 1);
    const isOutOfMemory = (isTimedOut: boolean, state: WorkerState, hadLeftBefore = false) => {
      const record = Object.assign(newWorkerRecord(1, 1, 1), { isTimedOut });
      noteExit(record, killed, { state, hadLeftBefore }, kills);
      return record.isOutOfMemory;
    };
    assert.equal(isOutOfMemory(true, "aborting"), false);
    assert.equal(isOutOfMemory(true, "ready"), false);
    assert.equal(isOutOfMemory(false, "killed"), false);
    assert.equal(isOutOfMemory(false, "killed", true), true); // What it died of has come late.
    assert.equal(isOutOfMemory(false, "ready"), false);
  });
});

describe("noteDeath", () => {
  it("counts a worker once", () => {
    const ends = { figures: new Figures(), history: new History() };
    const record = newWorkerRecord(1, 1, 1);
    record.exit = killed;
    noteDeath(record, { state: "ready", hasLeft: false, isUnneeded: false }, ends);
    noteDeath(record, { state: "ready", hasLeft: false, isUnneeded: false }, ends);
    assert.equal(ends.figures.deaths.signal, 1);
    assert.equal(ends.history.deaths.length, 1);
    assert.equal(ends.history.deaths[0]?.how, "SIGKILL");
  });

  it("counts one that leaves with status 0, unless it was asked to go", () => {
    const ends = { figures: new Figures(), history: new History() };
    for (const hasLeft of [false, true]) {
      const record = newWorkerRecord(1, 1, 1);
      record.exit = exited(0);
      noteDeath(record, { state: "retiring", hasLeft, isUnneeded: false }, ends);
      assert.equal(ends.figures.deaths.exit, hasLeft ? 1 : 0);
    }
  });

  it("tells who was killed by us, having left, from who was killed for want of memory", () => {
    const ends = { figures: new Figures(), history: new History() };
    for (const isOutOfMemory of [false, true]) {
      const record = Object.assign(newWorkerRecord(1, 1, 1), { exit: killed, isOutOfMemory });
      noteDeath(record, { state: "killed", hasLeft: true, isUnneeded: false }, ends);
    }
    assert.deepEqual([ends.figures.deaths.killed, ends.figures.deaths.signal], [1, 1]);
  });

  it("does not count a starter that was let go before it could finish anything", () => {
    const ends = { figures: new Figures(), history: new History() };
    for (const isUnneeded of [true, false]) {
      const record = newWorkerRecord(1, 1, 1);
      record.exit = killed;
      noteDeath(record, { state: "killed", hasLeft: false, isUnneeded }, ends);
      assert.equal(ends.figures.deaths.killed, isUnneeded ? 0 : 1);
    }
  });
});
