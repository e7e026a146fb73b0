// Withdrawals that no zygote answers: a channel that waits for one gets nothing new, so a zygote that stands still would take its workers
// out of service one by one. Knows only when each was asked.

import type { Channel } from "../../core/dispatch/channel.ts";
import type { Exchange } from "../../core/http/exchange.ts";

/** An answer takes 0.1 ms, and 1 s when the worker cannot be stopped. */
const PATIENCE_STEPS = 5;
/** However late the timer is: a process that stood still, perhaps with its whole container, has waited for no longer than this. */
const STEP_MS = 1000;

export class WithdrawalWatch {
  readonly #channels: () => readonly Channel<Exchange>[];
  readonly #onHanging: (generation: number) => void;
  #timer: NodeJS.Timeout | undefined;
  /** For how many steps each has waited for the answer that it wants now. */
  #waits = new Map<Channel<Exchange>, { readonly askedAt: number; readonly steps: number }>();

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
    if (this.#timer === undefined) this.#wait();
  }

  #wait(): void {
    this.#timer = setTimeout(() => {
      // A front that stood still has the answer before it, unread.
      setImmediate(this.#check);
    }, STEP_MS);
    this.#timer.unref();
  }

  readonly #check = (): void => {
    this.#timer = undefined;
    const before = this.#waits;
    this.#waits = new Map();
    const late = new Set<number>();
    for (const channel of this.#channels()) {
      if (!channel.isWithdrawing) continue;
      const { withdrawAskedAt: askedAt, generation } = channel;
      const known = before.get(channel);
      const steps = known?.askedAt === askedAt ? known.steps + 1 : 0;
      this.#waits.set(channel, { askedAt, steps });
      if (steps > 0 && steps % PATIENCE_STEPS === 0) late.add(generation);
    }
    for (const generation of late) this.#onHanging(generation);
    if (this.#waits.size > 0) this.asked();
  };
}
