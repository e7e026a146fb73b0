// How much the front holds for all clients together: memory for bodies and answers, space for spool files.
// Knows numbers only; who asks decides what to do when there is no more (design: files, then back-pressure, then 507).

export class Budget {
  #limit: number;
  #used = 0;

  /** `limit` in bytes, for all connections together. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** What is taken already stays taken, also above it. */
  setLimit(limit: number): void {
    this.#limit = limit;
  }

  get isExhausted(): boolean {
    return this.#used >= this.#limit;
  }

  /** Takes `bytes` when they fit; false (and nothing taken) otherwise. */
  take(bytes: number): boolean {
    if (this.#used + bytes > this.#limit) return false;
    this.#used += bytes;
    return true;
  }

  /** Takes `bytes` even beyond the limit: for what is held already and must be counted. */
  takeAnyway(bytes: number): void {
    this.#used += bytes;
  }

  give(bytes: number): void {
    this.#used -= bytes;
  }
}
