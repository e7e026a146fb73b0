// How late the front's event loop is: sampled by Node itself in C++, so that it costs next to nothing, and only while somebody asks now
// and then: each sample wakes a server that may have nothing else to do.

import { monitorEventLoopDelay } from "node:perf_hooks";

export interface LoopDelay {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** A sample each so often; a shorter one would only wake an idle server more often. */
const RESOLUTION_MS = 50;
/** What is told covers this time at least, if need be with the window before: several scrapers would reset each other's otherwise. */
const WINDOW_MS = 15_000;
/** Who scrapes asks every few minutes at most; nobody has asked for so long: the sampling stops until somebody does. */
const UNASKED_MS = 600_000;
const NS_PER_MS = 1e6;
const NONE: LoopDelay = { p50Ms: 0, p99Ms: 0, maxMs: 0 };

export class EventLoopDelay {
  readonly #histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  #windowSince = performance.now();
  /** Of the window before. */
  #before = NONE;
  #last = NONE;
  #stop: NodeJS.Timeout | undefined;

  /** The first answer says nothing yet: what it begins, the next one tells. */
  read(): LoopDelay {
    this.#keepSampling();
    const now = performance.now();
    if (this.#histogram.count === 0) return this.#last;
    const current = this.#current();
    if (now - this.#windowSince < WINDOW_MS) {
      this.#last = largerOf(this.#before, current);
      return this.#last;
    }
    this.#last = this.#before = current;
    this.#histogram.reset();
    this.#windowSince = now;
    return current;
  }

  #keepSampling(): void {
    if (this.#stop === undefined) this.#windowSince = performance.now();
    this.#histogram.enable();
    clearTimeout(this.#stop);
    this.#stop = setTimeout(() => {
      this.#stop = undefined;
      this.#histogram.disable();
      this.#histogram.reset();
      this.#before = this.#last = NONE;
    }, UNASKED_MS).unref();
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

function largerOf(a: LoopDelay, b: LoopDelay): LoopDelay {
  return {
    p50Ms: Math.max(a.p50Ms, b.p50Ms),
    p99Ms: Math.max(a.p99Ms, b.p99Ms),
    maxMs: Math.max(a.maxMs, b.maxMs),
  };
}
