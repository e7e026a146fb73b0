// Workers in which a request timed out and whose other threads still run something: those may finish first (design section 3, Hang).

import type { Channel } from "../../core/dispatch/channel.ts";
import type { DispatchedRequest } from "../../core/dispatch/request.ts";

export class TimedOutWorkers {
  readonly #channels: () => readonly Channel<DispatchedRequest>[];
  readonly #onFinished: (worker: number) => void;
  readonly #workers = new Set<number>();

  /** `channels`: all that are alive. `onFinished`: the others have nothing in hand any more. */
  constructor(
    channels: () => readonly Channel<DispatchedRequest>[],
    onFinished: (worker: number) => void,
  ) {
    this.#channels = channels;
    this.#onFinished = onFinished;
  }

  add(worker: number): void {
    this.#workers.add(worker);
    this.check();
  }

  /** To be called after every answer; costs nothing while there is none of them. */
  check(): void {
    for (const worker of this.#workers) {
      const others = this.#channels().filter((channel) => channel.worker === worker);
      if (others.some((channel) => channel.stuck === undefined && channel.inHand > 0)) continue;
      this.#workers.delete(worker);
      this.#onFinished(worker);
    }
  }
}
