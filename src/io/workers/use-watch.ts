// What the workers did since the last look, out of what the kernel tells of their processes and the dispatcher of their requests.
// Keeps what it saw; core/workers/standing.ts judges it.

import { performance } from "node:perf_hooks";
import { availableCores } from "../../config/cores.ts";
import type { Channel } from "../../core/dispatch/channel.ts";
import type { Exchange } from "../../core/http/exchange.ts";
import type { WorkforceUse } from "../../core/workers/elasticity.ts";
import {
  computedShare,
  isStanding,
  standingShare,
  stoodThroughout,
  threadMoment,
  type WorkerMoment,
} from "../../core/workers/standing.ts";
import { processorTimesOf } from "./processor-times.ts";

/** What short requests wait for is told by at least so long a time. */
const BASE_MS = 100;
/** What was seen longer ago says nothing of now. */
const FORGET_MS = 200;

/** What the kernel told of one worker. */
interface Told extends Omit<WorkerMoment, "notedAt" | "threads"> {
  readonly worker: number;
  readonly pid: number;
}

interface Sample {
  readonly at: number;
  /** By process. */
  readonly workers: ReadonlyMap<number, WorkerMoment>;
}

export class UseWatch {
  readonly #cores = availableCores();
  readonly #hasThreads: boolean;
  #told: readonly Told[] | undefined;
  #last: Sample | undefined;
  #base: Sample | undefined;

  constructor(threads: number) {
    this.#hasThreads = threads > 1;
  }

  /** Nothing was waited for: what comes then is another load. */
  rest(): void {
    this.#last = undefined;
  }

  /** Asks the kernel. To be called before what the workers have written is read; then take(). */
  ask(workers: Iterable<{ readonly worker: number; readonly pid: number | undefined }>): void {
    const told: Told[] = [];
    for (const { worker, pid } of workers) {
      if (pid === undefined) continue;
      const askedAt = performance.now();
      const times = processorTimesOf(pid, this.#hasThreads);
      if (times !== undefined)
        told.push({ worker, pid, askedAt, toldAt: performance.now(), ...times });
    }
    this.#told = told;
  }

  /** Undefined: there is nothing yet to compare with. To be called when all was read that the workers had written at the time of ask(). */
  take(channels: readonly Channel<Exchange>[], now: number): WorkforceUse | undefined {
    if (this.#told === undefined) return undefined;
    const sample = { at: now, workers: momentsOf(this.#told, channels, now) };
    this.#told = undefined;
    const last = this.#last;
    this.#last = sample;
    if (last === undefined || now - last.at > FORGET_MS) {
      this.#base = sample;
      return undefined;
    }
    const base = this.#base ?? last;
    const isLong = now - base.at >= BASE_MS;
    if (isLong) this.#base = sample;
    let [computing, stalled] = [0, 0];
    for (const [pid, moment] of sample.workers) {
      const before = last.workers.get(pid);
      if (before === undefined) continue;
      computing += computedShare(before, moment);
      if (!isStanding(moment)) continue;
      const longBefore = isLong ? base.workers.get(pid) : undefined;
      const share = longBefore === undefined ? 0 : standingShare(longBefore, moment);
      stalled += stoodThroughout(before, moment) ? 1 : share;
    }
    return { cores: this.#cores, computing, stalled };
  }
}

function momentsOf(
  told: readonly Told[],
  channels: readonly Channel<Exchange>[],
  now: number,
): ReadonlyMap<number, WorkerMoment> {
  const moments = new Map<number, WorkerMoment>();
  for (const { worker, pid, ...times } of told) {
    const threads = channels
      .filter((channel) => channel.worker === worker)
      .map((channel) => threadMoment(channel, now));
    moments.set(pid, { ...times, notedAt: now, threads });
  }
  return moments;
}
