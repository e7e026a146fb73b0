// Who gets the next request: an idle channel if there is one, else it waits; a request that waits may be put behind
// quick ones. Owns the queue, the channels and the estimates. Knows nothing of time-outs, withdrawals and deaths.
//
// Invariant between two calls of the dispatcher: while a request waits, no channel that may take it is idle. (Slow requests may not take
// one beyond their share: lanes.ts.)

import type { Channel } from "./channel.ts";
import { Company } from "./company.ts";
import { RUN_CAP_MS, RunEstimates } from "./estimate.ts";
import { IdleChannels } from "./idle-channels.ts";
import { Lanes, SLOW_MS } from "./lanes.ts";
import type { DispatchedRequest } from "./request.ts";

/** How many busy channels are looked at to put one request behind what they hold: bounds the cost of a submission. */
const PROBES = 8;

export class Assignment<R extends DispatchedRequest> {
  readonly idle = new IdleChannels<R>();
  readonly estimates = new RunEstimates();
  readonly queue = new Lanes<R>(this.estimates);
  /** All that are alive, those of retiring workers included. */
  readonly channels: Channel<R>[] = [];
  /** Requests in the hands of all channels. */
  inHand = 0;
  /** Channels that may get more. */
  #serving = 0;
  #probe = 0;
  readonly #send: (channel: Channel<R>, request: R, now: number) => void;

  readonly #company: Company<R>;

  /** `send` is called when the channel already holds the request. `processors`: so many workers can compute at once. */
  constructor(
    send: (channel: Channel<R>, request: R, now: number) => void,
    processors: number = 0,
  ) {
    this.#send = send;
    this.#company = new Company(this.idle, processors);
  }

  /** A new one, which holds nothing. */
  join(channel: Channel<R>): void {
    this.channels.push(channel);
    this.idle.push(channel);
    this.#serving++;
  }

  /** It keeps what it holds, and nothing new is sent to it. */
  retire(channel: Channel<R>): void {
    if (channel.isRetiring) return;
    for (const request of [channel.oldest, channel.running]) {
      if (request !== undefined) this.queue.letGo(request);
    }
    this.#leave(channel);
    channel.isRetiring = true;
  }

  /** It is dead. What it held is still to be let go. */
  forget(channel: Channel<R>): void {
    this.#leave(channel);
    const index = this.channels.indexOf(channel);
    if (index !== -1) this.channels.splice(index, 1);
  }

  #leave(channel: Channel<R>): void {
    this.idle.remove(channel);
    if (!channel.isRetiring) this.#serving--;
  }

  /** Hands the request to an idle channel, or behind quick ones that are as good. False: none is idle, or others wait already. */
  toIdle(request: R, now: number): boolean {
    const estimateMs = this.estimates.of(request.route);
    if (!this.queue.mayPass(estimateMs, this.#serving, now)) return false;
    const channel =
      estimateMs < SLOW_MS
        ? this.#company.takeFor(request, estimateMs, now)
        : this.idle.take("outsider");
    if (channel === undefined) return false;
    this.#hand(channel, request, estimateMs, now);
    return true;
  }

  /** Gives a channel that may have become free what it can take. True: it has become idle. */
  settle(channel: Channel<R>, now: number): boolean {
    if (!channel.canTake || channel.isIdle) return false;
    this.#fill(channel, now);
    if (channel.inHand > 0) return false;
    this.idle.push(channel);
    return true;
  }

  /** Gives the idle channels what waits. */
  fillIdle(now: number): void {
    while (this.#next(now) !== undefined) {
      const channel = this.idle.take();
      if (channel === undefined) return;
      this.#fill(channel, now);
    }
  }

  /** All channels are busy: puts what comes next behind quick ones, as far as it fits. Strictly in turn, so nobody is overtaken. */
  putBehind(now: number): void {
    let request = this.#next(now);
    while (request !== undefined) {
      const estimateMs = this.estimates.of(request.route);
      const channel = this.#leastWork(request, estimateMs, now);
      if (channel === undefined) return;
      this.idle.remove(channel);
      this.queue.remove(request);
      this.#hand(channel, request, estimateMs, now);
      request = this.#next(now);
    }
  }

  /** When a request that waits beside an idle channel may take it; Infinity if there is no such thing. */
  heldUntil(now: number): number {
    return this.idle.size > 0 ? this.queue.lapsesAt(this.#serving, now) : Infinity;
  }

  /** It is over, and took so long to run. One that turned out to be slow has taught that already. */
  learn(request: R, runMs: number): void {
    const isLearnt = request.isSlow && request.estimateMs < SLOW_MS;
    if (!isLearnt) this.estimates.record(request.route, runMs);
  }

  /**
   * What runs for so long is slow, which is learnt now, not when it ends: a route that hangs many times at once must not have all
   * workers by then. Returns when to look again, Infinity for not.
   */
  noteSlow(channel: Channel<R>, now: number): number {
    const { running, isPaused } = channel;
    if (running === undefined || running.isSlow || isPaused) return Infinity;
    const turnsSlowAt = channel.turnsSlowAt(running);
    if (now < turnsSlowAt) return turnsSlowAt;
    this.estimates.record(running.route, RUN_CAP_MS);
    this.queue.turnedSlow(running);
    if (channel.isRetiring) this.queue.letGo(running);
    return Infinity;
  }

  /** It has left its channel's hands. */
  letGo(request: R): void {
    this.inHand--;
    this.queue.letGo(request);
  }

  #next(now: number): R | undefined {
    return this.queue.next(this.#serving, now);
  }

  #fill(channel: Channel<R>, now: number): void {
    // An even share: one channel must not hold a full window while another is about to run dry.
    const share = (this.queue.size + this.inHand) / this.channels.length;
    let request = this.#next(now);
    while (request !== undefined) {
      const estimateMs = this.estimates.of(request.route);
      if (channel.inHand > 0) {
        if (channel.inHand >= share) return;
        const waitedMs = now - request.queuedAt;
        if (!channel.fits(estimateMs, request.frameBytes, now, waitedMs)) return;
      }
      this.queue.remove(request);
      this.#hand(channel, request, estimateMs, now);
      request = this.#next(now);
    }
  }

  /** Of some busy channels, taken in turn, the one with the least work that has room for this request. */
  #leastWork(request: R, estimateMs: number, now: number): Channel<R> | undefined {
    let best: Channel<R> | undefined;
    const waitedMs = now - request.queuedAt;
    const count = this.channels.length;
    for (let probes = Math.min(PROBES, count); probes > 0; probes--) {
      this.#probe = (this.#probe + 1) % count;
      const channel = this.channels[this.#probe];
      if (channel === undefined || !channel.canTake) continue;
      if (best !== undefined && channel.workMs >= best.workMs) continue;
      if (channel.fits(estimateMs, request.frameBytes, now, waitedMs)) best = channel;
    }
    return best;
  }

  #hand(channel: Channel<R>, request: R, estimateMs: number, now: number): void {
    request.estimateMs = estimateMs;
    request.isStream = false;
    channel.add(request, now);
    this.inHand++;
    this.queue.handed(request, estimateMs, now);
    if (request.isSlow) this.#company.leave(channel);
    this.#send(channel, request, now);
  }
}
