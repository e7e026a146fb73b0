import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Pace, Turns, WINDOW_MS } from "./pace.ts";

function paceAfter(lateMs: number, times: number): Pace {
  const pace = new Pace();
  for (let i = 0; i < times; i++) pace.note(lateMs, 0);
  return pace;
}

describe("Pace", () => {
  it("leaves windows and patience alone where handing over costs the usual", () => {
    const { windowMs, patienceMs } = paceAfter(0.4, 100);
    assert.deepEqual([windowMs, patienceMs], [WINDOW_MS, 0]);
  });

  it("widens both with the lateness, to a limit", () => {
    const late = paceAfter(4.5, 200);
    assert.ok(Math.abs(late.windowMs - 13) < 0.1, String(late.windowMs));
    assert.ok(Math.abs(late.patienceMs - 8) < 0.1, String(late.patienceMs));
    assert.equal(paceAfter(1e6, 200).windowMs, 20);
    assert.ok(paceAfter(1e6, 200).patienceMs <= 59);
  });

  it("forgets it in a few dozen turns, and is not moved by one", () => {
    const pace = paceAfter(5, 200);
    for (let i = 0; i < 64; i++) pace.note(0, 0);
    assert.equal(pace.windowMs, WINDOW_MS);
    pace.note(1000, 0);
    assert.ok(pace.windowMs < 6, String(pace.windowMs));
  });

  it("puts more behind what is in hand, the longer answers lie unread, and at most eight milliseconds", () => {
    const pace = new Pace();
    for (let i = 0; i < 200; i++) pace.note(0, 1.5);
    assert.equal(pace.windowMs, WINDOW_MS);
    assert.ok(Math.abs(pace.windowFor(0) - 6) < 0.1, String(pace.windowFor(0)));
    for (let i = 0; i < 200; i++) pace.note(0, 100);
    assert.equal(pace.windowFor(0), 8);
    for (let i = 0; i < 200; i++) pace.note(0, 0);
    assert.equal(pace.windowFor(0), WINDOW_MS);
  });

  it("takes nothing below zero: a worker's clock may run ahead of the front's", () => {
    assert.equal(paceAfter(-1, 3).lateMs, 0);
  });
});

describe("Turns", () => {
  it("compares what a turn took with the runs of all its answers", () => {
    const pace = new Pace();
    const turns = new Turns(pace);
    turns.ended(100, 1, 108);
    turns.ended(108, 2, 108);
    assert.equal(pace.lateMs, 0);
    turns.ended(108, 1, 110);
    assert.equal(pace.lateMs, (108 - 100 - 3) / 16);
  });

  it("takes the runs between the first of a turn and its last for the time that the first lay unread", () => {
    const pace = new Pace();
    const turns = new Turns(pace);
    for (let turn = 0; turn < 100; turn++) {
      const at = 4 * turn;
      for (const runMs of [0.25, 0.5, 0.25, 3]) turns.ended(at, runMs, at + 4);
    }
    assert.ok(Math.abs(pace.windowFor(0) - 3) < 0.1, String(pace.windowFor(0)));
  });

  it("leaves out a turn in which the channel was held back", () => {
    const pace = new Pace();
    const turns = new Turns(pace);
    turns.ended(100, 1, 1000);
    turns.drop();
    turns.ended(1000, 1, 1001);
    turns.ended(1001, 1, 1002);
    assert.equal(pace.lateMs, 0);
  });
});
