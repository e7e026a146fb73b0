// What the workers did since the last look, out of what the kernel tells of their processes and the dispatcher of their requests.
// Keeps what it saw; core/workers/standing.ts judges it.

import { availableCores } from "../../config/cores.ts";
import type { Channel } from "../../core/dispatch/channel.ts";
import type { Exchange } from "../../core/http/exchange.ts";
import type { WorkforceUse } from "../../core/workers/elasticity.ts";
import {
  computedShare,
  standingShare,
  stoodThroughout,
  threadMoment,
  type WorkerMoment,
} from "../../core/workers/standing.ts";
import { processorTimesOf, wantsProcessor } from "./processor-times.ts";

/** What short requests wait for is told by at least so long a time. */
const BASE_MS = 100;
/** What was seen longer ago says nothing of now. */
const FORGET_MS = 200;

interface Sample {
  readonly at: number;
  /** By process. */
  readonly workers: ReadonlyMap<number, WorkerMoment>;
}

export class UseWatch {
  readonly #cores = availableCores();
  readonly #hasThreads: boolean;
  #last: Sample | undefined;
  #base: Sample | undefined;

  constructor(threads: number) {
    this.#hasThreads = threads > 1;
  }

  /** Nothing was waited for: what comes then is another load. */
  rest(): void {
    this.#last = undefined;
  }

  /** Undefined: there is nothing yet to compare with. To be called when all was read that the workers have written. */
  take(
    pids: Iterable<{ readonly worker: number; readonly pid: number | undefined }>,
    channels: readonly Channel<Exchange>[],
    now: number,
  ): WorkforceUse | undefined {
    const sample = this.#sample(pids, channels, now);
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
      const longBefore = isLong ? base.workers.get(pid) : undefined;
      const share = longBefore === undefined ? 0 : standingShare(longBefore, moment);
      const standing = stoodThroughout(before, moment) ? 1 : share;
      // The kernel counts the time in the run queue when it is over.
      if (standing > 0 && (this.#hasThreads || !wantsProcessor(pid))) stalled += standing;
    }
    return { cores: this.#cores, computing, stalled };
  }

  #sample(
    pids: Iterable<{ readonly worker: number; readonly pid: number | undefined }>,
    channels: readonly Channel<Exchange>[],
    now: number,
  ): Sample {
    const workers = new Map<number, WorkerMoment>();
    for (const { worker, pid } of pids) {
      const times = pid === undefined ? undefined : processorTimesOf(pid, this.#hasThreads);
      if (pid === undefined || times === undefined) continue;
      const threads = channels
        .filter((channel) => channel.worker === worker)
        .map((channel) => threadMoment(channel, now));
      workers.set(pid, { at: now, ...times, threads });
    }
    return { at: now, workers };
  }
}
