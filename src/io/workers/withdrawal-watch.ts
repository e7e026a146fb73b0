// Withdrawals that no zygote answers: a channel that waits for one gets nothing new, so a zygote that stands still would take its workers
// out of service one by one. Knows only when each was asked.

import type { Channel } from "../../core/dispatch/channel.ts";
import type { Exchange } from "../../core/http/exchange.ts";

/** An answer takes 0.1 ms, and 1 s when the worker cannot be stopped. */
const PATIENCE_MS = 5000;
/** A timer that comes later than this has stood still with the process, and perhaps with the whole container. */
const STANDSTILL_MS = 1000;

export class WithdrawalWatch {
  readonly #channels: () => readonly Channel<Exchange>[];
  readonly #onHanging: (generation: number) => void;
  #timer: NodeJS.Timeout | undefined;

  /** `onHanging` is told the generation of a zygote that owes an answer for too long. */
  constructor(
    channels: () => readonly Channel<Exchange>[],
    onHanging: (generation: number) => void,
  ) {
    this.#channels = channels;
    this.#onHanging = onHanging;
  }

  /** A withdrawal was asked for. */
  asked(): void {
    if (this.#timer !== undefined) return;
    const dueAt = performance.now() + PATIENCE_MS;
    this.#timer = setTimeout(() => {
      const stoodStill = performance.now() > dueAt + STANDSTILL_MS;
      // A front that stood still has the answer before it, unread; or the zygote has yet to come to it.
      setImmediate(() => {
        this.#timer = undefined;
        if (!stoodStill) this.#check();
        else if (this.#waiting().length > 0) this.asked();
      });
    }, PATIENCE_MS);
    this.#timer.unref();
  }

  #waiting(): readonly Channel<Exchange>[] {
    return this.#channels().filter((channel) => channel.isWithdrawing);
  }

  #check(): void {
    const waiting = this.#waiting();
    const askedBefore = performance.now() - PATIENCE_MS;
    const late = waiting.filter(({ withdrawAskedAt }) => withdrawAskedAt <= askedBefore + 1);
    for (const generation of new Set(late.map((channel) => channel.generation))) {
      this.#onHanging(generation);
    }
    if (waiting.length > 0) this.asked();
  }
}
