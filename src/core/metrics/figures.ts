// What is counted while the server runs: plain numbers that are added to in place, whether or not anybody ever reads them. Pure; where
// each event happens is known elsewhere, and how figures are shown too. Gauges are not here: they are read from real state when asked for.

import type { GiveUpReason } from "../dispatch/death.ts";
import { NOT_STARTED } from "../dispatch/request.ts";
import { Histogram, TIME_BOUNDS_MS } from "./histogram.ts";

/** Above this no status is counted by itself: a worker's answer has three digits (docs/protocol.md). */
const MAX_STATUS = 1000;

/** Why a worker ended that was not asked to; `killed`: the server had to end it. */
export const END_CAUSES = ["exit", "signal", "timeout", "killed", "lost"] as const;
export type EndCause = (typeof END_CAUSES)[number];

/** What became of a reload: its code serves, it never will (or was refused), or a newer one took its place. */
export const RELOAD_ENDS = ["serves", "failed", "superseded"] as const;
export type ReloadEnd = (typeof RELOAD_ENDS)[number];

export class Figures {
  /** Requests that are over, by status. */
  readonly #statuses = new Float64Array(MAX_STATUS);
  /** From the whole request to the start of its run (or to being given up), in milliseconds. */
  readonly queueTime = new Histogram(TIME_BOUNDS_MS);
  /** What the worker measured of the application, or how long it ran until its worker ended, in milliseconds. */
  readonly applicationTime = new Histogram(TIME_BOUNDS_MS);
  /** From the whole request to the last byte handed to the connection, in milliseconds. */
  readonly totalTime = new Histogram(TIME_BOUNDS_MS);

  /** Answered by --health-path: no requests of the application. */
  healthProbes = 0;

  connectionsAccepted = 0;
  /** Closed at once, since --max-connections was reached. */
  connectionsDropped = 0;

  withdrawals = 0;
  requestsWithdrawn = 0;
  workersForked = 0;
  readonly deaths: Record<EndCause, number> = {
    exit: 0,
    signal: 0,
    timeout: 0,
    killed: 0,
    lost: 0,
  };
  readonly reloads: Record<ReloadEnd, number> = { serves: 0, failed: 0, superseded: 0 };
  /** Of workers that are gone, in seconds. */
  endedCpuSeconds = 0;
  #shownCpuSeconds = 0;

  /** A request is over, answered or refused. */
  requestOver(status: number): void {
    this.#statuses[status] = (this.#statuses[status] ?? 0) + 1;
  }

  /** A worker is done with a request. */
  answered(request: { startedAt: number; queuedAt: number; runMs: number }): void {
    this.queueTime.observe(request.startedAt - request.queuedAt);
    this.applicationTime.observe(request.runMs);
  }

  /** No worker answers it. One that ran, until its worker ended or was ended, has waited and run all the same. */
  gaveUp(request: { startedAt: number; queuedAt: number }, why: GiveUpReason, now: number): void {
    if (why === "client-gone") return;
    const { startedAt, queuedAt } = request;
    const hasRun = startedAt !== NOT_STARTED;
    this.queueTime.observe((hasRun ? startedAt : now) - queuedAt);
    if (hasRun) this.applicationTime.observe(now - startedAt);
  }

  /** Of all workers, those that are gone included. Never less than before: of one that has just gone, nobody may have told it yet. */
  cpuSeconds(living: number, ended: number): number {
    this.#shownCpuSeconds = Math.max(this.#shownCpuSeconds, living + ended);
    return this.#shownCpuSeconds;
  }

  /** `[status, requests]` of each status that occurred, ascending. */
  statuses(): [number, number][] {
    const found: [number, number][] = [];
    for (const [status, count] of this.#statuses.entries())
      if (count > 0) found.push([status, count]);
    return found;
  }
}
