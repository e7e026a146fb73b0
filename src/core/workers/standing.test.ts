import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  computedShare,
  isStanding,
  standingShare,
  stoodThroughout,
  threadMoment,
  type WorkerMoment,
} from "./standing.ts";

/** A worker with one thread; times in ms since its start. */
function moment(
  at: number,
  { ran = 0, computed = 0, delayed = 0, runsSince = Infinity, resumedAt = -Infinity } = {},
): WorkerMoment {
  const threads = [{ channel: 1, ranMs: ran, runsSince, resumedAt }];
  const times = { askedAt: at, toldAt: at, notedAt: at };
  return { ...times, computedMs: computed, delayedMs: delayed, isAsleep: true, threads };
}

/** Three that did the same. */
function threeThreads(ranMs: number): WorkerMoment["threads"] {
  return [1, 2, 3].map((channel) => ({ channel, ranMs, runsSince: Infinity, resumedAt: 0 }));
}

const START = moment(1000);

describe("the share of the time that a worker stands in the application", () => {
  it("is its run time without the processor", () => {
    assert.equal(standingShare(START, moment(1100, { ran: 90, computed: 20 })), 0.7);
  });

  it("is nothing while it waits for requests", () => {
    assert.equal(standingShare(START, moment(1100)), 0);
    // What it does between requests takes processor time and is no run time.
    assert.equal(standingShare(START, moment(1100, { ran: 20, computed: 25 })), 0);
  });

  it("is nothing while it waits for a processor", () => {
    const late = moment(1100, { ran: 95, computed: 30, delayed: 70 });
    assert.equal(standingShare(START, late), 0);
    // Nor while it is stopped for a withdrawal.
    assert.equal(standingShare(START, moment(1100, { ran: 100, resumedAt: 1080 })), 0);
  });

  it("is that of one worker, however many of its threads wait", () => {
    const before = { ...START, threads: threeThreads(0) };
    const after = { ...moment(1100, { computed: 40 }), threads: threeThreads(100) };
    assert.equal(standingShare(before, after), 0.6);
  });

  it("does not count what a thread did that was not there before, or that a request began long ago", () => {
    const after = moment(1100, { ran: 100 });
    assert.equal(standingShare({ ...START, threads: [] }, after), 0);
    assert.equal(standingShare(START, moment(1100, { ran: 700, computed: 50 })), 0.5);
  });
});

describe("a front that has to wait for a processor itself", () => {
  it("does not take what ran while it was late for standing", () => {
    // The worker ran and computed after the kernel was asked: that is in its run time only.
    const late = { ...moment(1100, { ran: 85, computed: 50 }), notedAt: 1140 };
    assert.equal(standingShare(START, late), 0);
    assert.equal(standingShare(START, { ...late, notedAt: 1110 }), 0.25);
  });

  it("counts no time in which the kernel may have been asked already", () => {
    const slowlyTold = { ...START, toldAt: 1060 };
    const after = moment(1100, { ran: 100, computed: 24, runsSince: 990 });
    assert.ok(stoodThroughout(START, after));
    assert.ok(!stoodThroughout(slowlyTold, after));
    assert.equal(computedShare(START, after), 0.24);
    assert.equal(computedShare(slowlyTold, after), 0.6);
    assert.equal(standingShare(slowlyTold, after), 0.4);
  });
});

describe("a worker stands at a moment", () => {
  const inRequest = moment(1015, { runsSince: 995 });

  it("if it sleeps in the middle of a request", () => {
    assert.ok(isStanding(inRequest));
  });

  it("but not if it runs or could run, whatever the times say", () => {
    assert.ok(!isStanding({ ...inRequest, isAsleep: false }));
  });

  it("but not if it sleeps between requests", () => {
    assert.ok(!isStanding(moment(1015)));
    // The next request came when the kernel had been asked.
    assert.ok(!isStanding({ ...moment(1015, { runsSince: 1020 }), notedAt: 1030 }));
  });

  it("but not if it was stopped until then, or later", () => {
    assert.ok(!isStanding(moment(1015, { runsSince: 995, resumedAt: 1016 })));
  });

  it("if one of its threads is in a request", () => {
    const [idle] = START.threads;
    assert.ok(idle !== undefined);
    assert.ok(isStanding({ ...inRequest, threads: [idle, ...inRequest.threads] }));
  });
});

describe("a worker that stood throughout", () => {
  it("was in one request since before, and wanted no processor for most of the time", () => {
    assert.ok(stoodThroughout(START, moment(1015, { ran: 20, computed: 2, runsSince: 995 })));
  });

  it("was not one whose request began in between", () => {
    assert.ok(!stoodThroughout(START, moment(1015, { ran: 12, runsSince: 1003 })));
    assert.ok(!stoodThroughout(START, moment(1015, { ran: 12 })));
  });

  it("was not one that was stopped in between", () => {
    assert.ok(!stoodThroughout(START, moment(1015, { ran: 20, runsSince: 995, resumedAt: 1010 })));
  });

  it("was not one that computed, or waited for a processor", () => {
    for (const use of [{ computed: 9 }, { delayed: 9 }, { computed: 5, delayed: 5 }]) {
      assert.ok(!stoodThroughout(START, moment(1015, { ...use, ran: 15, runsSince: 995 })));
    }
  });
});

describe("the moment of a thread", () => {
  const thread = {
    id: 7,
    ranMs: 500,
    isPaused: false,
    isWithdrawing: false,
    resumedAt: 0,
    running: undefined,
  };
  const running = { startedAt: 990 };

  it("counts the running request so far", () => {
    const expected = { channel: 7, ranMs: 510, runsSince: 990, resumedAt: 0 };
    assert.deepEqual(threadMoment({ ...thread, running }, 1000), expected);
  });

  it("counts no request where none runs, or where the worker is held back", () => {
    const expected = { channel: 7, ranMs: 500, runsSince: Infinity, resumedAt: 0 };
    assert.deepEqual(threadMoment(thread, 1000), expected);
    for (const held of [{ isPaused: true }, { isWithdrawing: true }]) {
      assert.deepEqual(threadMoment({ ...thread, ...held, running }, 1000), expected);
    }
  });
});
