// When to try again what a full pipe has not taken: its reader empties it within microseconds, or stands still for long. Pure.

const FIRST_MS = 1;
const MOST_MS = 50;

export class RetryDelay {
  #ms = FIRST_MS;

  /** Something was taken. */
  progress(): void {
    this.#ms = FIRST_MS;
  }

  /** To wait now, in milliseconds: longer each time that nothing was taken. */
  next(): number {
    const ms = this.#ms;
    this.#ms = Math.min(2 * ms, MOST_MS);
    return ms;
  }
}
