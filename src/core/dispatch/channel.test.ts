import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Channel, WINDOW_BYTES, WINDOW_REQUESTS } from "./channel.ts";
import { Pace } from "./pace.ts";
import { DispatchedRequest, NOT_STARTED } from "./request.ts";

class Request extends DispatchedRequest {
  readonly route = 1;
  readonly isSafe = true;
  readonly frameBytes: number;

  constructor(estimateMs = 0.01, frameBytes = 100) {
    super();
    this.estimateMs = estimateMs;
    this.frameBytes = frameBytes;
  }
}

function newChannel(): Channel<Request> {
  return new Channel(
    1,
    { worker: 5, thread: 0, generation: 2 },
    { busyThreads: 0, threads: 1 },
    new Pace(),
  );
}

describe("Channel", () => {
  it("numbers what it is sent from 1 and says whose it is", () => {
    const channel = newChannel();
    const [first, second] = [new Request(), new Request()];
    channel.add(first, 10);
    channel.add(second, 11);
    assert.deepEqual([first.number, second.number], [1, 2]);
    assert.equal(second.place, "in-hand");
    assert.equal(second.channel, channel);
    assert.equal(channel.oldest, first);
    assert.equal(channel.newest, second);
    assert.equal(channel.load.busyThreads, 1);
  });

  it("knows the start of a request: when it was sent to an idle worker, else the END before it", () => {
    const channel = newChannel();
    const [first, second] = [new Request(), new Request()];
    channel.add(first, 10);
    channel.add(second, 11);
    assert.equal(first.startedAt, 10);
    assert.equal(second.startedAt, NOT_STARTED);
    assert.equal(channel.endOldest(0, 14), first);
    assert.equal(first.place, "over");
    assert.equal(first.channel, undefined);
    assert.equal(second.startedAt, 14);
    assert.equal(channel.silentSince, 14);
    channel.endOldest(0, 15);
    assert.equal(channel.endOldest(0, 16), undefined);
    assert.equal(channel.load.busyThreads, 0);
  });

  it("is past a request once a later one is known to have begun", () => {
    const channel = newChannel();
    const [first, second] = [new Request(), new Request()];
    channel.add(first, 10);
    channel.add(second, 11);
    channel.noteStarted(1, 12);
    assert.equal(channel.isPast(first), false);
    channel.noteStarted(2, 13);
    assert.deepEqual([channel.isPast(first), channel.isPast(second)], [true, false]);
  });

  it("has more room while the front is away, but for who could go elsewhere", () => {
    const pace = new Pace();
    for (let i = 0; i < 100; i++) pace.note(0, 2);
    const place = { worker: 5, thread: 0, generation: 2 };
    const channel = new Channel<Request>(1, place, { busyThreads: 0, threads: 1 }, pace);
    channel.add(new Request(0.9), 10);
    assert.equal(channel.fits(0.2, 100, 10, 0), true);
    assert.equal(channel.fits(0.2, 100, 10), false);
  });

  it("never numbers two alike, whatever is taken back", () => {
    const channel = newChannel();
    for (let count = 0; count < 5; count++) channel.add(new Request(), 0);
    assert.equal(channel.takeBackNewest(3)?.number, 5);
    assert.equal(channel.takeBackNewest(3)?.number, 4);
    assert.equal(channel.takeBackNewest(3), undefined);
    const next = new Request();
    channel.add(next, 1);
    assert.equal(next.number, 6);
    assert.equal(channel.inHand, 4);
  });

  it("goes round its ring for ever", () => {
    const channel = newChannel();
    for (let round = 1; round <= 300; round++) {
      channel.add(new Request(), round);
      if (round > 40) assert.equal(channel.endOldest(0, round)?.number, round - 40);
    }
    assert.equal(channel.inHand, 40);
    assert.equal(channel.newest?.number, 300);
  });

  it("takes anything when it holds nothing", () => {
    assert.equal(newChannel().fits(1e6, 1e9, 0), true);
  });

  it("takes as much as fits in 1 ms of estimated work", () => {
    const channel = newChannel();
    channel.add(new Request(0.5), 0);
    assert.equal(channel.fits(0.5, 100, 0.1), true);
    assert.equal(channel.fits(0.51, 100, 0.1), false);
  });

  it("takes twice as much as the next one has waited, 8 ms at most", () => {
    const channel = newChannel();
    channel.add(new Request(0.5), 0);
    assert.equal(channel.fits(2.5, 100, 0.1, 1.5), true);
    assert.equal(channel.fits(2.6, 100, 0.1, 1.5), false);
    assert.equal(channel.fits(7.5, 100, 0.1, 1000), true);
    assert.equal(channel.fits(7.6, 100, 0.1, 1000), false);
  });

  it("puts nothing behind a request when nobody could take it back", () => {
    const channel = newChannel();
    channel.isWithdrawable = false;
    assert.equal(channel.fits(0.01, 100, 0), true);
    channel.add(new Request(), 0);
    assert.equal(channel.fits(0.01, 100, 0), false);
  });

  it("puts nothing behind a request that is slow by itself", () => {
    const channel = newChannel();
    channel.add(new Request(1.1), 0);
    assert.equal(channel.fits(0.001, 100, 0.1), false);
  });

  it("puts nothing behind a request that has outrun its estimate", () => {
    const channel = newChannel();
    channel.add(new Request(0.1), 0);
    assert.equal(channel.fits(0.1, 100, 3.9), true);
    assert.equal(channel.fits(0.1, 100, 4.1), false);
    channel.endOldest(0, 5);
    channel.add(new Request(2.5), 5);
    assert.equal(channel.fits(0.1, 100, 9.9, 10), true);
    assert.equal(channel.fits(0.1, 100, 10.1, 10), false);
  });

  it("judges by the request that runs, also if ENDs before it are still to be read", () => {
    const channel = newChannel();
    for (let count = 0; count < 3; count++) channel.add(new Request(0.1), 0);
    channel.noteStarted(2, 10);
    channel.endOldest(0, 30);
    channel.endOldest(0, 30);
    assert.equal(channel.fits(0.1, 100, 30), true);
    channel.add(new Request(0.1), 30);
    channel.noteStarted(4, 40);
    assert.equal(channel.fits(0.1, 100, 44.5), false);
  });

  it("takes 256 KiB at most", () => {
    const channel = newChannel();
    channel.add(new Request(0.01, WINDOW_BYTES - 1000), 0);
    assert.equal(channel.fits(0.01, 1000, 0), true);
    assert.equal(channel.fits(0.01, 1001, 0), false);
  });

  it("takes 64 requests at most", () => {
    const channel = newChannel();
    for (let count = 0; count < WINDOW_REQUESTS; count++) {
      assert.equal(channel.fits(0.001, 1, 0), true);
      channel.add(new Request(0.001, 1), 0);
    }
    assert.equal(channel.fits(0.001, 1, 0), false);
    assert.throws(() => {
      channel.add(new Request(0.001, 1), 0);
    }, /window/);
  });

  it("holds exactly nothing after many fractions of work", () => {
    const channel = newChannel();
    for (let count = 0; count < 10; count++) channel.add(new Request(0.1), 0);
    for (let count = 0; count < 10; count++) channel.endOldest(0, 1);
    assert.equal(channel.workMs, 0);
  });

  it("is overdue after twice the estimate, 5 ms at least", () => {
    const channel = newChannel();
    channel.add(new Request(0.5), 10);
    assert.equal(channel.isOverdue(14.9), false);
    assert.equal(channel.isOverdue(15), true);
    channel.endOldest(0, 20);
    assert.equal(channel.isOverdue(30), false);
    channel.add(new Request(8), 20);
    assert.equal(channel.isOverdue(35.9), false);
    assert.equal(channel.isOverdue(36), true);
  });

  it("is overdue at once when it is paused", () => {
    const channel = newChannel();
    channel.add(new Request(8), 20);
    channel.isPaused = true;
    channel.pausedAt = 21;
    assert.equal(channel.isOverdue(21), true);
  });

  it("takes the oldest for the running one, until the ledger knows better", () => {
    const channel = newChannel();
    const requests = [new Request(), new Request(), new Request()];
    for (const request of requests) channel.add(request, 0);
    assert.equal(channel.running, requests[0]);
    assert.equal(channel.hasRest, true);
    channel.noteStarted(2, 30);
    assert.equal(channel.running, requests[1]);
    assert.equal(channel.running?.startedAt, 30);
    assert.equal(channel.silentSince, 30);
    assert.equal(channel.hasRest, true);
    channel.takeBackNewest(2);
    assert.equal(channel.hasRest, false, "the one that ran before is no rest");
  });

  it("does not restart the silence of a request of which it knew that it runs", () => {
    const channel = newChannel();
    channel.add(new Request(), 10);
    channel.add(new Request(), 10);
    channel.noteStarted(1, 30);
    assert.equal(channel.silentSince, 10);
    channel.noteStarted(0, 31);
    assert.equal(channel.startedNumber, 1);
  });

  it("keeps the start that the ledger told when the END before it comes late", () => {
    const channel = newChannel();
    const second = new Request();
    channel.add(new Request(), 10);
    channel.add(second, 10);
    channel.noteStarted(2, 30);
    channel.endOldest(0, 40);
    assert.equal(second.startedAt, 30);
  });

  it("lets its thread leave once it is retired and holds nothing", () => {
    const channel = newChannel();
    assert.equal(channel.mayLeave, false);
    channel.add(new Request(), 0);
    channel.add(new Request(), 0);
    channel.isRetiring = true;
    channel.endOldest(1, 1);
    assert.equal(channel.mayLeave, false);
    channel.takeBackNewest(0);
    assert.equal(channel.mayLeave, true);
  });

  it("takes nothing while it is paused, withdrawing, retiring, stuck or dead", () => {
    for (const flag of ["isPaused", "isWithdrawing", "isRetiring", "isDead"] as const) {
      const channel = newChannel();
      assert.equal(channel.canTake, true);
      channel[flag] = true;
      assert.equal(channel.canTake, false, flag);
    }
    const channel = newChannel();
    channel.stuck = "request-timeout";
    assert.equal(channel.canTake, false);
  });
});
