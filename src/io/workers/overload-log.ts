// Requests that were refused because too many waited: the operator hears of it, but not once for each.

import type { Log } from "../log.ts";

/** One line in this time at most: an overloaded server must not be busy with saying so. */
const QUIET_MS = 5000;

/** What the dispatcher knows of itself. */
interface Load {
  readonly channels: readonly unknown[];
  readonly idleChannels: number;
  readonly waiting: number;
}

export class OverloadLog {
  readonly #log: Log;
  readonly #load: Load;
  #count = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(log: Log, load: Load) {
    this.#log = log;
    this.#load = load;
  }

  /** A request got 503. `why` names the limit that it met. */
  refused(why: string): void {
    this.#count++;
    if (this.#timer !== undefined) return;
    this.#say(why);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#count > 0) this.#say(why);
    }, QUIET_MS);
    this.#timer.unref();
  }

  #say(why: string): void {
    const requests = this.#count === 1 ? "a request" : `${this.#count} requests`;
    const { channels, idleChannels, waiting } = this.#load;
    const busy = `${channels.length - idleChannels} of ${channels.length} worker threads are busy`;
    this.#log.warning(`503 for ${requests}: ${why}; ${busy}, ${waiting} requests wait`);
    this.#count = 0;
  }
}
