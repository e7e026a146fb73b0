// How late the front's event loop is: sampled by Node itself in C++, so that it costs next to nothing. Knows nothing of who asks.

import { monitorEventLoopDelay } from "node:perf_hooks";

export interface LoopDelay {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** A sample each so often; a shorter one would only wake an idle server more often. */
const RESOLUTION_MS = 50;
/** What is told covers this time, or a little more: several scrapers would reset each other's otherwise. */
const WINDOW_MS = 15_000;
const NS_PER_MS = 1e6;

export class EventLoopDelay {
  readonly #histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  #windowSince = performance.now();
  #last: LoopDelay = { p50Ms: 0, p99Ms: 0, maxMs: 0 };

  constructor() {
    this.#histogram.enable();
  }

  read(): LoopDelay {
    const now = performance.now();
    if (this.#histogram.count === 0) return this.#last;
    this.#last = this.#current();
    if (now - this.#windowSince >= WINDOW_MS) {
      this.#histogram.reset();
      this.#windowSince = now;
    }
    return this.#last;
  }

  close(): void {
    this.#histogram.disable();
  }

  #current(): LoopDelay {
    return {
      p50Ms: late(this.#histogram.percentile(50)),
      p99Ms: late(this.#histogram.percentile(99)),
      maxMs: late(this.#histogram.max),
    };
  }
}

/** What is recorded is the time between two samples: the wait that was asked for is no delay. */
function late(ns: number): number {
  return Math.max(0, ns / NS_PER_MS - RESOLUTION_MS);
}
