// How late this machine lets its processes run: what passes between handing requests over and reading their answers, beside the run
// times of the requests themselves. Knows nothing of requests and channels.
//
// On an idle machine that is a fraction of a millisecond, and a window of one millisecond keeps a worker busy. Where others want the
// processors too, front and worker each wait milliseconds for their turn: a worker that was given one millisecond of work then stands
// idle most of the time, and requests look overdue that nobody has let begin. So windows and patience grow with the lateness.
// And a request that has waited for milliseconds anyway may wait in a window as well as in the queue: the larger the windows, the
// fewer the wake-ups of both sides (docs/decisions/032-windows-of-the-waiting.md). Nor does a window of one millisecond keep a worker busy
// while the front, which preempts nobody, waits for a processor: what is finished meanwhile tells how long that is
// (docs/decisions/041-windows-of-the-absent.md).

/** A window when nothing is late, and the largest, in estimated work. */
export const WINDOW_MS = 1;
const MOST_WINDOW_MS = 20;
/** A request may be put behind so many times the work that it has waited for already, */
const WINDOWS_PER_WAIT = 2;
/** or so many times as long as answers lie unread: the front is away for two or three times its usual time now and then, */
const WINDOWS_PER_ABSENCE = 4;
/** and so much at most, which is little beside the patience with a request that turns out to be slow. */
const MOST_LONG_WINDOW_MS = 8;
/** With so many times the lateness in hand, a worker is busy for three quarters of the time. */
const WINDOWS_PER_LATENESS = 3;
/** Up to here it is the usual price of handing over. */
const USUAL_MS = 0.5;
/** What one turn counts for at most: a process that was stopped says nothing of the others. */
const MOST_MS = 30;
const WEIGHT = 1 / 16;

export class Pace {
  #lateMs = 0;
  #absentMs = 0;

  /** How much estimated work a worker may hold with a request that is new. */
  windowMs = WINDOW_MS;
  /** How much longer than its estimate says a request may seem to run. */
  patienceMs = 0;

  get lateMs(): number {
    return this.#lateMs;
  }

  /** How much estimated work a worker may hold with a request that has waited for so long. */
  windowFor(waitedMs: number): number {
    const longMs = Math.max(WINDOWS_PER_WAIT * waitedMs, WINDOWS_PER_ABSENCE * this.#absentMs);
    return Math.max(this.windowMs, Math.min(longMs, MOST_LONG_WINDOW_MS));
  }

  /** A turn of a worker's answers took so much longer than their runs, and the first of them lay unread for `unreadMs`, since the front was away. */
  note(lateMs: number, unreadMs: number): void {
    this.#absentMs += (Math.min(unreadMs, MOST_MS) - this.#absentMs) * WEIGHT;
    const late = Math.min(Math.max(0, lateMs), MOST_MS);
    this.#lateMs += (late - this.#lateMs) * WEIGHT;
    const unusual = Math.max(0, this.#lateMs - USUAL_MS);
    this.windowMs = Math.min(WINDOW_MS + WINDOWS_PER_LATENESS * unusual, MOST_WINDOW_MS);
    this.patienceMs = 2 * unusual;
  }
}

/** The answers of one channel that are read in one turn. */
export class Turns {
  readonly #pace: Pace;
  #from = 0;
  #at = 0;
  #ranMs = 0;
  #firstMs = 0;
  #lastMs = 0;

  constructor(pace: Pace) {
    this.#pace = pace;
  }

  /** A request is over that began, as far as the front knows, at `startedAt`. */
  ended(startedAt: number, runMs: number, now: number): void {
    if (now === this.#at) {
      this.#ranMs += runMs;
      this.#lastMs = runMs;
      return;
    }
    // Within the last run of a turn, answers that wait for others (docs/decisions/004-outbox.md) may have been the worker's.
    const unreadMs = Math.max(0, this.#ranMs - this.#firstMs - this.#lastMs);
    if (this.#at > 0) this.#pace.note(this.#at - this.#from - this.#ranMs, unreadMs);
    this.#from = startedAt;
    this.#at = now;
    this.#ranMs = this.#firstMs = this.#lastMs = runMs;
  }

  /** The channel was held back or its worker stopped: what this turn took is no measure. */
  drop(): void {
    this.#at = 0;
  }
}
