// Adds up the silent periods of a socket. Node tells only that nothing moved for one period, and up to one period late (it looks at
// the write queue once each): with periods much shorter than the time-out, the sum is nearly exact. Pure.

const MAX_PERIOD_MS = 1000;
const PERIODS = 4;

export class StallClock {
  /** How long a period is: what the socket's timer is set to. */
  readonly periodMs: number;
  readonly #timeoutMs: number;
  #since = 0;
  #lastAt = -Infinity;

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
    this.periodMs = Math.max(1, Math.min(timeoutMs / PERIODS, MAX_PERIOD_MS));
  }

  /** A period without any movement is over. Returns whether the whole time-out is. */
  silent(now: number): boolean {
    // Had something moved in between, Node would have let a period pass without a word.
    const isFirst = now - this.#lastAt > 1.5 * this.periodMs;
    if (isFirst) this.#since = now - this.periodMs;
    this.#lastAt = now;
    return now - this.#since >= this.#timeoutMs;
  }
}
