// The one queue between the connections and the workers: who runs what, and when. A request enters by submit() and
// leaves by ended(), cancel() or effects.giveUp(), exactly once. Knows no socket, no process, no clock: the io side
// reports what happened, with the time in milliseconds, and carries out the effects.

import { EMPTY_LEDGER, fateOf, type Ledger } from "../workers/ledger.ts";
import { Assignment } from "./assignment.ts";
import { Channel, type WorkerLoad } from "./channel.ts";
import { afterDeath } from "./death.ts";
import type { DeathCause, GiveUpReason } from "./death.ts";
import type { DispatchEffects, DispatchOptions, WithdrawReport } from "./effects.ts";
import { RUN_CAP_MS } from "./estimate.ts";
import { QUICK_LATELY_MS } from "./lanes.ts";
import { Pace } from "./pace.ts";
import { NOT_STARTED } from "./request.ts";
import type { DispatchedRequest } from "./request.ts";
import { review } from "./review.ts";

/** An answer with this much time between its first piece and another is a stream. */
const STREAM_GAP_MS = 1;
/** A front that did not run for so long stood still (stopped, starved, frozen with all others): that was nobody's silence. */
export const STANDSTILL_MS = 1000;
/** What the sockets hold after a standstill is read first; then time-outs are judged again. */
const CATCH_UP_MS = 50;

export class Dispatcher<R extends DispatchedRequest> {
  readonly #options: DispatchOptions;
  readonly #effects: DispatchEffects<R>;
  readonly #work: Assignment<R>;
  readonly #loads = new Map<number, WorkerLoad>();
  readonly #pace = new Pace();
  #lastChannelId = 0;
  #nextTickAt = Infinity;
  /** At the last tick requests were held behind a slow one, and nobody else could start them. */
  #isRestHeld = false;

  constructor(options: DispatchOptions, effects: DispatchEffects<R>) {
    this.#options = options;
    this.#effects = effects;
    this.#work = new Assignment((channel, request, now) => {
      this.#watch(channel, now);
      effects.send(channel, request.number, request);
    }, options.processors);
  }

  /** Requests in the queue. */
  get waiting(): number {
    return this.#work.queue.size;
  }

  /** Requests in the hands of workers. */
  get inHand(): number {
    return this.#work.inHand;
  }

  /** Channels that are alive, those of retiring workers included. */
  get channels(): readonly Channel<R>[] {
    return this.#work.channels;
  }

  get idleChannels(): number {
    return this.#work.idle.size;
  }

  /** The fewest idle channels since the last call: what could be done without. None, while requests wait: then those are kept for others (lanes.ts). */
  takeLeastIdle(): number {
    const least = this.#work.idle.takeLeast();
    return this.waiting > 0 ? 0 : least;
  }

  /** How long the oldest waiting request has waited, in milliseconds; 0 when none waits. */
  oldestAgeMs(now: number): number {
    const { oldest } = this.#work.queue;
    return oldest === undefined ? 0 : now - oldest.queuedAt;
  }

  /** When tick() has to be called next; Infinity while nothing is timed. Any call may bring it forward. */
  get nextTickAt(): number {
    return this.#nextTickAt;
  }

  /** Hands the request to a worker or queues it. `queuedAt`: since when it has waited. False: the queue is full, the request was not taken. */
  submit(request: R, now: number, queuedAt: number = now): boolean {
    if (request.place !== "new")
      throw new Error(`a request that is ${request.place} was submitted`);
    request.queuedAt = queuedAt;
    // Nothing was timed until now: what is left is of requests that are over.
    if (this.waiting + this.inHand === 0) this.#nextTickAt = Infinity;
    if (this.#work.toIdle(request, now)) return true;
    if (this.#work.queue.size >= this.#options.maxWaiting) return false;
    this.#work.queue.push(request);
    this.#dueBy(queuedAt + this.#options.queueTimeoutMs, now);
    this.#work.putBehind(now);
    this.#watchHeld(now);
    return true;
  }

  /**
   * The client has gone. True: the request was waiting and is over. False: it is in a worker's hands (or over); it
   * ends by ended() or, if it never starts there, by giveUp().
   */
  cancel(request: R, now: number): boolean {
    request.clientGone = true;
    if (request.place !== "waiting") return false;
    this.#work.queue.remove(request);
    request.place = "over";
    // The next one may be quick enough to stand behind a running request, where this one was not.
    this.#work.putBehind(now);
    this.#watchHeld(now);
    return true;
  }

  /** A worker thread said HELLO. Nothing is sent from inside this call, so that the caller can first note the channel. */
  addChannel(worker: number, thread: number, generation: number, now: number): Channel<R> {
    const load = this.#loads.get(worker) ?? { busyThreads: 0, threads: 0 };
    load.threads++;
    this.#loads.set(worker, load);
    this.#lastChannelId++;
    const channel = new Channel<R>(
      this.#lastChannelId,
      { worker, thread, generation },
      load,
      this.#pace,
    );
    this.#work.join(channel);
    this.#dueBy(now, now);
    return channel;
  }

  /** The ANSWER frame of a request came. Undefined: not the one whose answer comes next (close the channel). */
  answerBegan(channel: Channel<R>, number: number, now: number): R | undefined {
    const request = channel.oldest;
    if (request?.number !== number || channel.answerBeganAt !== NOT_STARTED) return undefined;
    channel.answerBeganAt = now;
    channel.silentSince = now;
    return request;
  }

  /** A further piece of the answer, not empty, came. */
  answerProgress(channel: Channel<R>, now: number): void {
    channel.silentSince = now;
    const request = channel.oldest;
    if (request === undefined || channel.answerBeganAt === NOT_STARTED) return;
    if (now - channel.answerBeganAt >= STREAM_GAP_MS) request.isStream = true;
  }

  /** END came. `runMs` is the worker's own measurement. Undefined: not the request whose END comes next. */
  ended(channel: Channel<R>, number: number, runMs: number, now: number): R | undefined {
    if (channel.oldest?.number !== number) return undefined;
    const request = channel.endOldest(runMs, now);
    if (request === undefined) return undefined;
    this.#work.letGo(request);
    this.#work.learn(request, request.isStream ? RUN_CAP_MS : runMs);
    this.#settle(channel, now);
    return request;
  }

  /** The front stops (or goes on) reading this channel, because a client reads slowly. */
  setPaused(channel: Channel<R>, isPaused: boolean, now: number): void {
    if (channel.isPaused === isPaused || channel.isDead) return;
    channel.isPaused = isPaused;
    if (isPaused) {
      channel.pausedAt = now;
      this.#work.idle.remove(channel);
      if (channel.hasRest) this.#dueBy(now, now);
      return;
    }
    // What came before the pause counts; the pause does not.
    channel.silentSince = now - Math.max(0, channel.pausedAt - channel.silentSince);
    this.#watch(channel, now);
    this.#settle(channel, now);
  }

  /** The zygote's answer to effects.withdraw(). Too late for a dead channel: died() has decided. */
  withdrawn(channel: Channel<R>, report: WithdrawReport, now: number): void {
    if (channel.isDead || !channel.isWithdrawing) return;
    channel.resumedAt = now;
    channel.noteStarted(report.started, now);
    // Nothing was sent meanwhile, so it was to withdraw all or nothing.
    const above = report.upTo < channel.lastNumber ? channel.lastNumber : report.above;
    let request = channel.takeBackNewest(above);
    while (request !== undefined) {
      this.#work.letGo(request);
      if (request.clientGone) this.#giveUp(request, "client-gone");
      else this.#putBack(request, now);
      request = channel.takeBackNewest(above);
    }
    // Only now: a submit() from inside giveUp() must not reach this channel while its newest are taken back.
    channel.isWithdrawing = false;
    this.#watch(channel, now);
    this.#work.fillIdle(now);
    this.#settle(channel, now);
    this.#work.putBehind(now);
    this.#watchHeld(now);
  }

  /**
   * The zygote of this channel is gone: no withdrawal will be answered, none is asked any more. True: one was under
   * way. The worker may skip what it holds without a word, and no ledger is left to tell, so it must be ended.
   */
  withdrawalLost(channel: Channel<R>): boolean {
    channel.isWithdrawable = false;
    return channel.isWithdrawing && !channel.isDead;
  }

  /** Nothing new is sent to this channel; it keeps what it holds. */
  retire(channel: Channel<R>, now: number): void {
    this.#work.retire(channel);
    // Of the others, slow requests may hold more than before, if this one held one.
    if (this.idleChannels > 0 && this.waiting > 0) this.#dueBy(now, now);
  }

  /** Its thread has left, and whatever that wrote was read. What it was sent and has not begun goes to others, also while the worker lives on. */
  closed(channel: Channel<R>, now: number): void {
    channel.closedAt = now;
    this.retire(channel, now);
    this.#watch(channel, now);
  }

  /**
   * The worker of this channel is gone, and the channel was read to its end. `ledger` is the zygote's last word on the
   * thread; undefined when there is none any more.
   */
  died(channel: Channel<R>, ledger: Ledger | undefined, cause: DeathCause, now: number): void {
    if (channel.isDead) return;
    const words = ledger ?? presumedLedger(channel);
    const running = ledger === undefined ? channel.running?.number : ledger.started;
    channel.isDead = true;
    this.#forget(channel);
    let request = channel.takeBackNewest(0);
    while (request !== undefined) {
      this.#work.letGo(request);
      const fate = fateOf(request.number, words);
      const stuck = request.number === running ? channel.stuck : undefined;
      const verdict = afterDeath(request, fate, { cause, stuck });
      if (verdict === "again") {
        if (fate === "started") this.#countRun(request, now);
        this.#putBack(request, now);
      } else {
        this.#giveUp(request, verdict);
      }
      request = channel.takeBackNewest(0);
    }
    this.#work.fillIdle(now);
    this.#work.putBehind(now);
    this.#watchHeld(now);
  }

  /** Up to now the front itself did not run for so long. To be told before tick(), whether that is due or not. */
  stoodStill(lateMs: number, now: number): void {
    if (lateMs > QUICK_LATELY_MS) this.#work.queue.stoodStill(now - lateMs, now);
    if (lateMs < STANDSTILL_MS) return;
    // What began since then is younger than the standstill.
    for (const channel of this.#work.channels)
      channel.silentSince = Math.min(channel.silentSince + lateMs, now);
    this.#nextTickAt = now + CATCH_UP_MS;
  }

  /** To be called at `nextTickAt`: expiry in the queue, withdrawals, time-outs of requests. */
  tick(now: number): void {
    this.#nextTickAt = Infinity;
    const { channels } = this.#work;
    for (const channel of channels) this.#dueBy(this.#work.noteSlow(channel, now), now);
    this.#expire(now);
    // A new channel, and one that came free from inside an effect.
    this.#work.fillIdle(now);
    this.#watchHeld(now);
    let helpers = 0;
    for (const channel of channels) if (channel.canTake && !channel.isOverdue(now)) helpers++;
    this.#isRestHeld = false;
    for (const channel of channels) this.#review(channel, helpers > 0, now);
  }

  #review(channel: Channel<R>, hasHelper: boolean, now: number): void {
    const { running } = channel;
    if (running === undefined || channel.stuck !== undefined) return;
    const verdict = review(channel, running, this.#options, hasHelper, now);
    switch (verdict.kind) {
      case "wait":
        if (verdict.isRestHeld) this.#isRestHeld = true;
        this.#dueBy(verdict.until, now);
        return;
      case "look":
      case "withdraw":
        channel.isWithdrawing = true;
        channel.withdrawAskedAt = now;
        this.#watch(channel, now);
        this.#effects.withdraw(channel, verdict.kind === "look" ? 0 : channel.lastNumber);
        return;
      case "request-timeout":
      case "request-total-timeout":
        channel.stuck = verdict.kind;
        this.#effects.stuck(channel, running, now - channel.silentSince, verdict.kind);
    }
  }

  #expire(now: number): void {
    const { queue } = this.#work;
    const { queueTimeoutMs } = this.#options;
    let { oldest } = queue;
    while (oldest !== undefined && oldest.queuedAt + queueTimeoutMs <= now) {
      queue.remove(oldest);
      this.#giveUp(oldest, "queue-timeout");
      oldest = queue.oldest;
    }
    if (oldest !== undefined) this.#dueBy(oldest.queuedAt + queueTimeoutMs, now);
  }

  /** A channel that may have become free gets what it can take. An idle one may help those that wait behind a slow one. */
  #settle(channel: Channel<R>, now: number): void {
    if (this.#work.settle(channel, now) && this.#isRestHeld) this.#dueBy(now, now);
    this.#watchHeld(now);
  }

  /** Slow requests that wait beside an idle channel, which is kept for quick ones: until when? What is known of their route may have changed. */
  #watchHeld(now: number): void {
    const { idle, queue } = this.#work;
    if (idle.size === 0 || queue.size === 0) return;
    this.#work.fillIdle(now);
    if (idle.size > 0 && queue.size > 0) idle.keepAll();
    this.#dueBy(this.#work.heldUntil(now), now);
  }

  /** Brings the next tick forward to the earliest moment at which this channel may need one. */
  #watch(channel: Channel<R>, now: number): void {
    const { running } = channel;
    if (running === undefined) return;
    const { requestTimeoutMs, requestTotalTimeoutMs } = this.#options;
    if (channel.isForsaken) this.#dueBy(now, now);
    if (channel.hasRest) this.#dueBy(channel.overdueAt(running), now);
    this.#dueBy(this.#work.noteSlow(channel, now), now);
    if (requestTimeoutMs > 0) this.#dueBy(channel.silentSince + requestTimeoutMs, now);
    if (requestTotalTimeoutMs > 0) this.#dueBy(running.startedAt + requestTotalTimeoutMs, now);
  }

  #dueBy(at: number, now: number): void {
    if (at < this.#nextTickAt) this.#nextTickAt = Math.max(at, now);
  }

  #putBack(request: R, now: number): void {
    request.startedAt = NOT_STARTED;
    this.#work.queue.putBack(request);
    this.#dueBy(request.queuedAt + this.#options.queueTimeoutMs, now);
  }

  /** A run was lost. It did not wait meanwhile: the queue's time-out is for waiting only. */
  #countRun(request: R, now: number): void {
    request.runs++;
    if (request.startedAt !== NOT_STARTED) request.queuedAt += now - request.startedAt;
  }

  #giveUp(request: R, why: GiveUpReason): void {
    request.place = "over";
    this.#effects.giveUp(request, why);
  }

  #forget(channel: Channel<R>): void {
    this.#work.forget(channel);
    channel.load.threads--;
    if (channel.load.threads === 0) this.#loads.delete(channel.worker);
  }
}

/**
 * What may have begun, if no ledger tells: all of it, since answers may have been in the outbox, which nobody could read
 * either. It is little: behind a running request nothing is put once the zygote is lost.
 */
function presumedLedger(channel: Channel<DispatchedRequest>): Ledger {
  return { ...EMPTY_LEDGER, started: channel.lastNumber };
}
