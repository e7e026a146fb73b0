import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Channel } from "./channel.ts";
import { Pace } from "./pace.ts";
import { DispatchedRequest } from "./request.ts";
import { review } from "./review.ts";
import type { Verdict } from "./review.ts";

class Request extends DispatchedRequest {
  readonly route = 1;
  readonly isSafe = true;
  readonly frameBytes = 100;
  override estimateMs = 0.1;
}

const PATIENCE = { requestTimeoutMs: 30_000, requestTotalTimeoutMs: 0 };

/** A channel that was sent so many requests at 1000 ms. */
function busy(requests: number): Channel<Request> {
  const place = { worker: 1, thread: 0, generation: 1 };
  const channel = new Channel<Request>(1, place, { busyThreads: 0, threads: 1 }, new Pace());
  for (let count = 0; count < requests; count++) channel.add(new Request(), 1000);
  return channel;
}

function judge(
  channel: Channel<Request>,
  now: number,
  { hasHelper = true, patience = PATIENCE } = {},
): Verdict {
  const { running } = channel;
  if (running === undefined) throw new Error("nothing runs");
  return review(channel, running, patience, hasHelper, now);
}

function waitUntil(until: number, isRestHeld = false): Verdict {
  return { kind: "wait", until, isRestHeld };
}

describe("review of the rest of a window", () => {
  it("waits until the running request is overdue", () => {
    assert.deepEqual(judge(busy(2), 1004.9), waitUntil(1005));
  });

  it("withdraws then, if another channel could start the rest", () => {
    assert.deepEqual(judge(busy(2), 1005), { kind: "withdraw" });
  });

  it("only looks if nobody could start it, and holds the rest for 100 ms more", () => {
    const channel = busy(2);
    assert.deepEqual(judge(channel, 1004, { hasHelper: false }), waitUntil(1005));
    assert.deepEqual(judge(channel, 1005, { hasHelper: false }), { kind: "look" });
    channel.withdrawAskedAt = 1005;
    channel.noteStarted(1, 1006);
    assert.deepEqual(judge(channel, 1006, { hasHelper: false }), waitUntil(1025));
    assert.deepEqual(judge(channel, 1025, { hasHelper: false }), waitUntil(1105, true));
    assert.deepEqual(judge(channel, 1105, { hasHelper: false }), { kind: "withdraw" });
  });

  it("looks again when another may run by then", () => {
    const channel = busy(3);
    channel.noteStarted(1, 1006);
    channel.endOldest(0, 1007);
    assert.deepEqual(judge(channel, 1012, { hasHelper: false }), { kind: "look" });
  });

  it("withdraws at once behind a request whose client reads slowly", () => {
    const channel = busy(2);
    channel.isPaused = true;
    channel.pausedAt = 1001;
    assert.deepEqual(judge(channel, 1001), { kind: "withdraw" });
  });

  it("has nothing to withdraw from a channel with one request", () => {
    assert.deepEqual(judge(busy(1), 1005), waitUntil(31_000));
  });

  it("withdraws at once what nobody will begin any more", () => {
    const channel = busy(1);
    channel.closedAt = 1002;
    assert.deepEqual(judge(channel, 1002), { kind: "withdraw" });
    channel.withdrawAskedAt = 1002;
    assert.deepEqual(judge(channel, 1003), waitUntil(31_000));
  });

  it("does not stop one worker more often than every 20 ms", () => {
    const channel = busy(2);
    channel.withdrawAskedAt = 1000;
    assert.deepEqual(judge(channel, 1010), waitUntil(1020));
    assert.deepEqual(judge(channel, 1020), { kind: "withdraw" });
  });

  it("asks nobody when the zygote is gone", () => {
    const channel = busy(2);
    channel.isWithdrawable = false;
    assert.deepEqual(judge(channel, 1005), waitUntil(31_000));
    assert.deepEqual(judge(channel, 31_000), { kind: "request-timeout" });
  });
});

describe("review of time-outs", () => {
  it("strikes after 30 s of silence", () => {
    assert.deepEqual(judge(busy(1), 30_999), waitUntil(31_000));
    assert.deepEqual(judge(busy(1), 31_000), { kind: "request-timeout" });
  });

  it("counts from the last piece of the answer", () => {
    const channel = busy(1);
    channel.silentSince = 20_000;
    assert.deepEqual(judge(channel, 31_000), waitUntil(50_000));
  });

  it("stands still while the front holds the worker back", () => {
    const channel = busy(1);
    channel.isPaused = true;
    channel.pausedAt = 2000;
    assert.deepEqual(judge(channel, 1e9), waitUntil(Infinity));
  });

  it("strikes nobody while it is unknown who runs: first it withdraws", () => {
    const patience = { requestTimeoutMs: 3, requestTotalTimeoutMs: 0 };
    assert.deepEqual(judge(busy(2), 1003, { patience, hasHelper: false }), { kind: "withdraw" });
  });

  it("waits for the report of the zygote, for 2 s", () => {
    const channel = busy(2);
    channel.isWithdrawing = true;
    channel.withdrawAskedAt = 30_000;
    assert.deepEqual(judge(channel, 31_000), waitUntil(32_000));
    assert.deepEqual(judge(channel, 32_000), { kind: "request-timeout" });
  });

  it("strikes behind one attempt to withdraw from a worker that cannot be stopped", () => {
    const channel = busy(2);
    channel.withdrawAskedAt = 30_999;
    assert.deepEqual(judge(channel, 31_100), { kind: "withdraw" });
    channel.withdrawAskedAt = 31_100;
    assert.deepEqual(judge(channel, 32_101), { kind: "request-timeout" });
  });

  it("strikes when the whole run takes too long, however busy it is", () => {
    const patience = { requestTimeoutMs: 0, requestTotalTimeoutMs: 500 };
    const channel = busy(1);
    channel.silentSince = 1499;
    assert.deepEqual(judge(channel, 1499, { patience }), waitUntil(1500));
    assert.deepEqual(judge(channel, 1500, { patience }), { kind: "request-total-timeout" });
  });

  it("never strikes when both are off", () => {
    const patience = { requestTimeoutMs: 0, requestTotalTimeoutMs: 0 };
    assert.deepEqual(judge(busy(1), 1e9, { patience }), waitUntil(Infinity));
  });
});
