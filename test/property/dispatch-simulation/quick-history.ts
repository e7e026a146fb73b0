// What the lanes have to remember of quick requests, kept apart from them.

import { QUICK_LATELY_MS, QUICK_STREAM, RESERVE_MS } from "../../../src/core/dispatch/lanes.ts";

export class QuickHistory {
  /** When one was handed over last. */
  lastAt = -Infinity;
  /** So long after a stream of them one channel is kept. */
  reservedUntil = -Infinity;
  #inTurn = 0;

  handed(now: number): void {
    this.#inTurn = now < this.lastAt + QUICK_LATELY_MS ? this.#inTurn + 1 : 1;
    if (this.#inTurn >= QUICK_STREAM) this.reservedUntil = now + RESERVE_MS;
    this.lastAt = now;
  }
}
