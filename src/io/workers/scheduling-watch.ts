// Asks at intervals which scheduling policy suits the load, and passes a change on. Owns the timer; core/dispatch/front-scheduling.ts decides.

import { FrontScheduling } from "../../core/dispatch/front-scheduling.ts";

const PERIOD_MS = 500;

export class SchedulingWatch {
  readonly #scheduling = new FrontScheduling();
  #timer: NodeJS.Timeout | undefined;

  /** Node cannot set its own policy, the zygote can: `onChange` tells it. */
  start(onChange: (policy: "batch" | "other") => void): void {
    this.#timer = setInterval(() => {
      if (this.#scheduling.review(PERIOD_MS / 1000)) onChange(this.#scheduling.policy);
    }, PERIOD_MS);
  }

  /** A request that took this long is over. */
  count(runMs: number): void {
    this.#scheduling.count(runMs);
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
