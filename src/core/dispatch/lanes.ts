// The waiting requests in two lanes, quick and slow by what their routes are known to cost, and which of them is next. Each lane keeps its
// order; between the lanes the older one goes first. Slow requests may hold at most a share of the workers while others want some: without
// that a few slow clients have all workers as soon as the quick ones pause for a moment, and the quick ones wait behind them.
//
// "Others want some" looks back a little: quick requests come in gaps, and a worker that is taken in a gap is gone for the length of a
// slow request. So a worker may stand idle beside slow requests that wait, for so long; never beside quick ones. And of many workers one
// is kept for a minute after a stream of quick requests, or the first ones after a pause would wait for a slow one to end
// (docs/decisions/008-lanes-look-back.md). Channels that take nothing any more, and what they hold, are not counted.

import type { RunEstimates } from "./estimate.ts";
import { RUN_CAP_MS } from "./estimate.ts";
import { WaitingQueue } from "./queue.ts";
import type { DispatchedRequest } from "./request.ts";

/** A route whose runs are expected to take this long is slow. Far above a window, so that a slow request is always alone in its channel. */
export const SLOW_MS = RUN_CAP_MS / 2;
/** What slow requests may hold of all channels, at least one. */
const SLOW_SHARE = 0.75;
/** So long after the last quick request was handed over its lane counts as in use. */
export const QUICK_LATELY_MS = 200;
/** And for so long they leave one channel, */
export const RESERVE_MS = 60_000;
/** if it is a small part of all, */
export const RESERVE_FROM_CHANNELS = 8;
/** and so many quick ones came with no pause between: not for a health check now and then. */
export const QUICK_STREAM = 20;

export class Lanes<R extends DispatchedRequest> {
  readonly #estimates: RunEstimates;
  readonly #quick = new WaitingQueue<R>();
  readonly #slow = new WaitingQueue<R>();
  /** Slow requests in hand: each holds a channel. */
  #slowInHand = 0;
  #quickAt = -Infinity;
  /** Quick requests without a pause, up to the last one. */
  #quickInTurn = 0;
  #reservedUntil = -Infinity;

  constructor(estimates: RunEstimates) {
    this.#estimates = estimates;
  }

  get size(): number {
    return this.#quick.size + this.#slow.size;
  }

  get oldest(): R | undefined {
    return older(this.#quick.oldest, this.#slow.oldest);
  }

  /** When slow requests that wait may have more channels than now; Infinity if none waits. */
  lapsesAt(channels: number, now: number): number {
    if (this.#slow.size === 0) return Infinity;
    const shareUntil = this.#quickAt + QUICK_LATELY_MS;
    return now >= shareUntil && channels >= RESERVE_FROM_CHANNELS
      ? this.#reservedUntil
      : shareUntil;
  }

  /** Whether a request of this cost may be handed to an idle channel before it was in the queue. */
  mayPass(estimateMs: number, channels: number, now: number): boolean {
    if (this.#quick.size > 0) return false;
    if (estimateMs < SLOW_MS) return true;
    return this.#slow.size === 0 && this.#maySlow(channels, now);
  }

  /** The request to serve next; it stays in the queue. Undefined also when only slow ones wait and have their share. */
  next(channels: number, now: number): R | undefined {
    if (this.#slow.size === 0) {
      // The usual case, so it is the short one.
      const first = this.#quick.peek(now);
      if (first === undefined || !this.#isSlow(first)) return first;
    }
    const quick = this.#peek(this.#quick, now);
    const slow = this.#peek(this.#slow, now);
    if (slow === undefined || !this.#maySlow(channels, now)) return this.#quick.peek(now);
    return older(slow, quick);
  }

  push(request: R): void {
    this.#laneFor(request).push(request);
  }

  putBack(request: R): void {
    this.#laneFor(request).putBack(request);
  }

  remove(request: R): void {
    (request.isSlow ? this.#slow : this.#quick).remove(request);
  }

  /** It went into a channel's hands. */
  handed(request: R, estimateMs: number, now: number): void {
    request.isSlow = estimateMs >= SLOW_MS;
    if (request.isSlow) {
      this.#count(request);
      return;
    }
    this.#quickInTurn = now < this.#quickAt + QUICK_LATELY_MS ? this.#quickInTurn + 1 : 1;
    if (this.#quickInTurn >= QUICK_STREAM) this.#reservedUntil = now + RESERVE_MS;
    this.#quickAt = now;
  }

  /** It was handed over as a quick one, and is none. */
  turnedSlow(request: R): void {
    if (request.isSlow || request.place !== "in-hand") return;
    request.isSlow = true;
    this.#count(request);
  }

  /** Since then no quick request could come, because the front itself stood still: those that came lately have their time anew. */
  stoodStill(since: number, now: number): void {
    if (since <= this.#quickAt + QUICK_LATELY_MS) this.#quickAt = now;
    if (since < this.#reservedUntil) this.#reservedUntil += now - since;
  }

  /** It left a channel's hands, or its channel takes nothing any more. */
  letGo(request: R): void {
    if (request.isCountedSlow) this.#slowInHand--;
    request.isCountedSlow = false;
  }

  #count(request: R): void {
    request.isCountedSlow = true;
    this.#slowInHand++;
  }

  #maySlow(channels: number, now: number): boolean {
    return this.#slowInHand < this.#slowShare(channels, now);
  }

  /** How many channels slow requests may hold. */
  #slowShare(channels: number, now: number): number {
    if (this.#quick.size > 0 || now < this.#quickAt + QUICK_LATELY_MS) {
      return Math.max(1, Math.floor(SLOW_SHARE * channels));
    }
    const hasReserve = channels >= RESERVE_FROM_CHANNELS && now < this.#reservedUntil;
    return hasReserve ? channels - 1 : Infinity;
  }

  /** The first of a lane that still belongs there: what is known of its route may have changed while it waited. */
  #peek(lane: WaitingQueue<R>, now: number): R | undefined {
    const isSlow = lane === this.#slow;
    let request = lane.peek(now);
    while (request !== undefined && this.#isSlow(request) !== isSlow) {
      lane.remove(request);
      this.#laneFor(request).moveIn(request);
      request = lane.peek(now);
    }
    return request;
  }

  #laneFor(request: R): WaitingQueue<R> {
    request.isSlow = this.#isSlow(request);
    return request.isSlow ? this.#slow : this.#quick;
  }

  #isSlow({ route }: R): boolean {
    return this.#estimates.of(route) >= SLOW_MS;
  }
}

function older<R extends DispatchedRequest>(
  one: R | undefined,
  other: R | undefined,
): R | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return one.queuedAt <= other.queuedAt ? one : other;
}
