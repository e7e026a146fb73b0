// One worker thread as the dispatcher sees it: what it holds, oldest first, and whether it may get more. Only the
// dispatcher changes it; the io side reads it. Knows nothing of sockets and frames.

import type { TimeoutKind } from "./death.ts";
import { type Pace, Turns } from "./pace.ts";
import { NOT_STARTED } from "./request.ts";
import type { DispatchedRequest, Place } from "./request.ts";

/** A window: as many requests at once as fit in some estimated work (pace.ts), this number and this many bytes. */
export const WINDOW_REQUESTS = 64;
export const WINDOW_BYTES = 256 * 1024;

/** A running request outruns its estimate beyond the larger of twice the estimate and one of these. Its answer may wait in the worker for a moment, and the worker for a processor. */
const NOTHING_MORE_BEHIND_IT_MS = 4;
const WITHDRAW_FROM_BEHIND_IT_MS = 5;

/** A run of this length is that of a slow request, before it is over: none counts for more (estimate.ts). Where the machine is late, for as much longer. */
const LONG_RUN_MS = 20;

/** What the threads of one worker share: they also share the interpreter lock, so an idle worker is the better choice. */
export interface WorkerLoad {
  busyThreads: number;
  threads: number;
}

export class Channel<R extends DispatchedRequest> {
  /** Never reused in the life of the dispatcher. */
  readonly id: number;
  readonly worker: number;
  readonly thread: number;
  readonly generation: number;
  readonly load: WorkerLoad;

  /** The number of the request that was sent last. */
  lastNumber = 0;
  /** The ledger's `started` as the last withdrawal found it. */
  startedNumber = 0;
  /** Since when the application has said nothing. */
  silentSince = 0;
  /** When the answer of the oldest request began; NOT_STARTED before. */
  answerBeganAt = NOT_STARTED;
  pausedAt = 0;
  withdrawAskedAt = -Infinity;
  /** When its worker, stopped for a withdrawal, was heard to go on. */
  resumedAt = -Infinity;
  /** Run time of all requests that it has ended, by the worker's own measure. */
  ranMs = 0;

  isIdle = false;
  /** One of those that quick requests are put behind. */
  isCompany = false;
  isPaused = false;
  isWithdrawing = false;
  /** False once its zygote is lost: nobody can stop the worker to read the ledger. */
  isWithdrawable = true;
  isRetiring = false;
  /** Which time-out has struck; its worker is being ended. */
  stuck: TimeoutKind | undefined = undefined;
  /** When its thread left, though its worker may live on; -Infinity before. */
  closedAt = -Infinity;
  isDead = false;

  readonly #pace: Pace;
  readonly #turns: Turns;
  readonly #ring: (R | undefined)[] = Array.from({ length: WINDOW_REQUESTS }, () => undefined);
  #head = 0;
  #size = 0;
  #workMs = 0;
  #bytes = 0;

  constructor(
    id: number,
    place: { worker: number; thread: number; generation: number },
    load: WorkerLoad,
    pace: Pace,
  ) {
    this.id = id;
    this.worker = place.worker;
    this.thread = place.thread;
    this.generation = place.generation;
    this.load = load;
    this.#pace = pace;
    this.#turns = new Turns(pace);
  }

  /** How many requests it holds. */
  get inHand(): number {
    return this.#size;
  }

  /** Estimated run time of all that it holds. */
  get workMs(): number {
    return this.#workMs;
  }

  /** The request whose answer comes next. */
  get oldest(): R | undefined {
    return this.#ring[this.#head];
  }

  get newest(): R | undefined {
    return this.#size === 0 ? undefined : this.#ring[this.#at(this.#size - 1)];
  }

  /**
   * The request that runs, as far as the front knows: the oldest, unless the ledger has told of a later one. (The END
   * of an answer that was already whole may wait in the worker for the first frame of the next.)
   */
  get running(): R | undefined {
    const oldest = this.oldest;
    if (oldest === undefined || oldest.number >= this.startedNumber) return oldest;
    for (let index = this.#size - 1; index > 0; index--) {
      const request = this.#ring[this.#at(index)];
      if (request !== undefined && request.number <= this.startedNumber) return request;
    }
    return oldest;
  }

  /** Something in hand may not have begun: a withdrawal could bring it back. */
  get hasRest(): boolean {
    return this.#size >= 2 && this.#mayHoldUnstarted;
  }

  /** Its thread has left, and nobody was asked yet what of this it had not begun: nobody will. */
  get isForsaken(): boolean {
    const isAsked = this.withdrawAskedAt >= this.closedAt;
    return !isAsked && this.isWithdrawable && this.#mayHoldUnstarted;
  }

  get #mayHoldUnstarted(): boolean {
    const { newest } = this;
    return newest !== undefined && newest.number > this.startedNumber;
  }

  /** Nothing is left to say to its thread but to leave: while it holds a request, it may yet have to hear that the client has gone. */
  get mayLeave(): boolean {
    return this.isRetiring && this.#size === 0;
  }

  get canTake(): boolean {
    return (
      !(this.isPaused || this.isWithdrawing || this.isRetiring || this.isDead) &&
      this.stuck === undefined
    );
  }

  /** Whether a request of this cost, which has waited for so long, may be put behind what is in hand. An empty channel takes any. */
  fits(estimateMs: number, frameBytes: number, now: number, waitedMs?: number): boolean {
    if (this.#size === 0) return true;
    // What cannot be taken back must not be made to wait.
    if (!this.isWithdrawable) return false;
    const { windowMs } = this.#pace;
    const most = waitedMs === undefined ? windowMs : this.#pace.windowFor(waitedMs);
    return (
      this.#workMs + estimateMs <= most &&
      this.#size < WINDOW_REQUESTS &&
      this.#bytes + frameBytes <= WINDOW_BYTES &&
      !this.isHeldUp(now)
    );
  }

  /** What runs takes too long, by its own estimate, to put another behind it. */
  isHeldUp(now: number): boolean {
    const { oldest, running } = this;
    if (oldest === undefined || running === undefined) return false;
    const since = now - this.#pace.patienceMs;
    // If the ledger told of a later one, that began at the earliest with this one's last word, maybe long ago.
    return outruns(running, since) || outruns(oldest, since);
  }

  /** The answer of `request` is all written, as the worker has begun a later one: answers of others are behind what is left of it. */
  isPast(request: R): boolean {
    return this.startedNumber > request.number;
  }

  /** When what is in hand behind the running request should be taken back. */
  overdueAt(running: R): number {
    if (this.isPaused) return this.pausedAt;
    const expectedMs = Math.max(2 * running.estimateMs, WITHDRAW_FROM_BEHIND_IT_MS);
    return running.startedAt + expectedMs + this.#pace.patienceMs;
  }

  /** From when on it is a slow request, though it was sent as a quick one; Infinity if nothing is known of its start. */
  turnsSlowAt({ startedAt }: R): number {
    return startedAt === NOT_STARTED ? Infinity : startedAt + LONG_RUN_MS + this.#pace.patienceMs;
  }

  isOverdue(now: number): boolean {
    const { running } = this;
    return running !== undefined && now >= this.overdueAt(running);
  }

  /** The ledger's word, come with a withdrawal: this number began last. */
  noteStarted(number: number, now: number): void {
    if (number <= this.startedNumber) return;
    this.startedNumber = number;
    const { running } = this;
    if (running === undefined || running.startedAt !== NOT_STARTED) return;
    // It began since the last word of the one before it, maybe only now: it is blamed for nothing earlier.
    running.startedAt = now;
    this.silentSince = now;
  }

  add(request: R, now: number): void {
    if (this.#size === WINDOW_REQUESTS) throw new Error("a channel was sent more than its window");
    this.lastNumber++;
    request.place = "in-hand";
    request.channel = this;
    request.number = this.lastNumber;
    request.startedAt = NOT_STARTED;
    if (this.#size === 0) {
      this.load.busyThreads++;
      request.startedAt = now;
      this.silentSince = now;
    }
    this.#ring[this.#at(this.#size)] = request;
    this.#size++;
    this.#workMs += request.estimateMs;
    this.#bytes += request.frameBytes;
  }

  /** The oldest request is over, by the worker's own word after `runMs`: the next one runs from now. */
  endOldest(runMs: number, now: number): R | undefined {
    const request = this.oldest;
    if (request === undefined) return undefined;
    this.ranMs += runMs;
    const wasHeld = this.isWithdrawing || this.pausedAt >= request.startedAt;
    if (wasHeld || request.isStream) this.#turns.drop();
    else this.#turns.ended(request.startedAt, runMs, now);
    this.#ring[this.#head] = undefined;
    this.#head = (this.#head + 1) % WINDOW_REQUESTS;
    this.answerBeganAt = NOT_STARTED;
    this.silentSince = now;
    this.#letGo(request, "over");
    const next = this.oldest;
    if (next !== undefined && next.startedAt === NOT_STARTED) next.startedAt = now;
    return request;
  }

  /** Takes back the newest request, if its number is above this one. */
  takeBackNewest(above: number): R | undefined {
    const request = this.newest;
    if (request === undefined || request.number <= above) return undefined;
    this.#ring[this.#at(this.#size - 1)] = undefined;
    this.#letGo(request, "new");
    return request;
  }

  #letGo(request: R, place: Place): void {
    request.place = place;
    request.channel = undefined;
    this.#size--;
    this.#workMs -= request.estimateMs;
    this.#bytes -= request.frameBytes;
    if (this.#size > 0) return;
    // The sum of many small fractions drifts; an empty channel holds exactly nothing.
    this.#workMs = 0;
    this.#bytes = 0;
    this.load.busyThreads--;
  }

  #at(index: number): number {
    return (this.#head + index) % WINDOW_REQUESTS;
  }
}

/** Too slow, by its own estimate, to put another behind it. */
function outruns({ startedAt, estimateMs }: DispatchedRequest, now: number): boolean {
  return now - startedAt > Math.max(2 * estimateMs, NOTHING_MORE_BEHIND_IT_MS);
}
