// One timer for all deadlines of queue and workers. What has come is read before they are judged: a front that stood still (a stopped process,
// a paused machine) finds its timers over, and answers and reports unread.

/** While there is a deadline, it is over between this often and this seldom: so it can tell how long the front did not run, whatever is due when. */
const MIN_TICK_MS = 4;
const MAX_TICK_MS = 250;

export class TickTimer {
  readonly #nextAt: () => number;
  readonly #run: (now: number, lateMs: number) => void;
  readonly #afterReading: (run: () => void) => void;
  #timer: NodeJS.Timeout | undefined;
  #at = Infinity;
  #isClosed = false;

  /**
   * `nextAt`: when `run` has to be called next, of performance.now(); Infinity: never. `lateMs`: so much later is it than the timer was to
   * be over. `afterReading`: what calls a function behind all that has come.
   */
  constructor(
    nextAt: () => number,
    run: (now: number, lateMs: number) => void,
    afterReading: (run: () => void) => void = setImmediate,
  ) {
    this.#nextAt = nextAt;
    this.#run = run;
    this.#afterReading = afterReading;
  }

  /** What it is set for; Infinity while it is not. */
  get at(): number {
    return this.#at;
  }

  /** `nextAt` may have changed. */
  schedule(): void {
    const now = performance.now();
    const next = this.#nextAt();
    if (next === Infinity) return;
    const at = Math.min(Math.max(next, now + MIN_TICK_MS), now + MAX_TICK_MS);
    if (this.#timer !== undefined && this.#at <= at) return;
    clearTimeout(this.#timer);
    this.#at = at;
    this.#timer = setTimeout(this.#onTime, at - now);
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  /** The timer stays set until `#tick`: what is read meanwhile sets no other. */
  readonly #onTime = (): void => {
    this.#afterReading(this.#tick);
  };

  readonly #tick = (): void => {
    if (this.#isClosed) return;
    const now = performance.now();
    const lateMs = Math.max(0, now - this.#at);
    this.#timer = undefined;
    this.#at = Infinity;
    this.#run(now, lateMs);
    this.schedule();
  };
}
