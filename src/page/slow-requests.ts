// Which requests were seen to run long, now and lately. A snapshot shows what runs at its moment, so that a request is known by its worker,
// its name and when it began. Pure; knows no document.

import type { Snapshot } from "../io/admin/documents.ts";
import { isAnotherServer } from "./figures.ts";

export const SLOW_SECONDS = 1;
const KEPT_MS = 5 * 60_000;
const MAX_KEPT = 50;
/** Snapshots come each second, unless the page was hidden or the server gone. */
const GAP_MS = 5000;
/** Two snapshots tell one beginning with so much difference, at most. */
const SAME_MS = 500;

export interface SlowRequest {
  /** Of this page's own counting. */
  readonly key: number;
  readonly worker: number;
  readonly thread: number;
  readonly method: string;
  readonly path: string;
  /** Milliseconds since 1970. */
  readonly beganAt: number;
  readonly waitedSeconds: number;
  /** As it was seen last. */
  runningSeconds: number;
  /** Milliseconds since 1970; undefined while it runs. */
  endedAt: number | undefined;
}

export class SlowRequests {
  #all: SlowRequest[] = [];
  #lastKey = 0;
  #last: Snapshot | undefined;

  /** Those that run, longest first; then those that have ended, newest first. */
  update(snapshot: Snapshot): readonly SlowRequest[] {
    const running = new Set(runningIn(snapshot).map((seen) => this.#known(seen)));
    if (this.#last !== undefined && areApart(this.#last, snapshot))
      this.#all = this.#all.filter((one) => one.endedAt !== undefined || running.has(one));
    this.#last = snapshot;
    for (const request of this.#all) {
      if (!running.has(request)) request.endedAt ??= snapshot.at;
    }
    this.#all = this.#all
      .filter(({ endedAt }) => endedAt === undefined || endedAt > snapshot.at - KEPT_MS)
      .toSorted(
        (a, b) =>
          (b.endedAt ?? Infinity) - (a.endedAt ?? Infinity) || b.runningSeconds - a.runningSeconds,
      )
      .slice(0, MAX_KEPT);
    return this.#all;
  }

  #known(seen: Omit<SlowRequest, "key">): SlowRequest {
    const found = this.#all.find(
      (known) =>
        known.endedAt === undefined &&
        known.worker === seen.worker &&
        known.thread === seen.thread &&
        known.method === seen.method &&
        known.path === seen.path &&
        Math.abs(known.beganAt - seen.beganAt) < SAME_MS,
    );
    if (found === undefined) {
      const added = { ...seen, key: ++this.#lastKey };
      this.#all.push(added);
      return added;
    }
    found.runningSeconds = seen.runningSeconds;
    return found;
  }
}

/** When what ran at the first of them ended is not known from the second. */
function areApart(before: Snapshot, after: Snapshot): boolean {
  const passed = after.at - before.at;
  return passed < 0 || passed > GAP_MS || isAnotherServer(before, after);
}

function runningIn({ at, status }: Snapshot): Omit<SlowRequest, "key">[] {
  return status.workers.flatMap(({ worker, threads }) =>
    threads.flatMap(({ thread, running }) => {
      if (running === null || running.runningSeconds < SLOW_SECONDS) return [];
      const beganAt = at - running.runningSeconds * 1000;
      return { worker, thread, ...running, beganAt, endedAt: undefined };
    }),
  );
}
