// Tells when a client has taken nothing for the whole time-out. It is looked at once in a period, much shorter than the time-out, and what
// was taken meanwhile counts as taken just before: the time is exact to a period. Pure.

const MAX_PERIOD_MS = 1000;
const PERIODS = 4;
/** Timers are late by this much at any time. */
const LATE_MS = 20;

export class StallClock {
  readonly periodMs: number;
  readonly #timeoutMs: number;
  #takenBytes = 0;
  #since = 0;
  #lastAt = -Infinity;

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
    this.periodMs = Math.max(1, Math.min(timeoutMs / PERIODS, MAX_PERIOD_MS));
  }

  /** `takenBytes`: another number if the client has taken something since. Returns whether the time-out is over. */
  isOver(now: number, takenBytes: number): boolean {
    // This process stood still: what the client had room for meanwhile was not offered to it.
    const hasMissed = now - this.#lastAt > 1.5 * this.periodMs + LATE_MS;
    this.#lastAt = now;
    if (hasMissed || takenBytes !== this.#takenBytes) {
      this.#takenBytes = takenBytes;
      this.#since = now;
      return false;
    }
    return now - this.#since >= this.#timeoutMs;
  }
}
