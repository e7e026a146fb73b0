// Asks at intervals which scheduling policy suits the load, and passes a change on, for as long as there is load. Owns the timer; core/dispatch/front-scheduling.ts decides.

import { FrontScheduling } from "../../core/dispatch/front-scheduling.ts";

/** Short: until the policy suits, a request of a small Flask application takes some 6 % more. */
const PERIOD_MS = 100;

export class SchedulingWatch {
  readonly #scheduling = new FrontScheduling();
  #timer: NodeJS.Timeout | undefined;
  #onChange: ((policy: "batch" | "other") => void) | undefined;
  #hasCounted = false;

  /** Node cannot set its own policy, the zygote can: `onChange` tells it. */
  start(onChange: (policy: "batch" | "other") => void): void {
    this.#onChange = onChange;
  }

  /** A request that took this long is over. */
  count(runMs: number): void {
    this.#scheduling.count(runMs);
    this.#hasCounted = true;
    if (this.#timer === undefined && this.#onChange !== undefined) {
      this.#timer = setInterval(this.#review, PERIOD_MS);
    }
  }

  close(): void {
    this.#onChange = undefined;
    this.#rest();
  }

  readonly #review = (): void => {
    if (this.#scheduling.review(PERIOD_MS / 1000)) this.#onChange?.(this.#scheduling.policy);
    // After a period without a request the policy is back at "other": nothing is left to watch.
    else if (!this.#hasCounted) this.#rest();
    this.#hasCounted = false;
  };

  #rest(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
