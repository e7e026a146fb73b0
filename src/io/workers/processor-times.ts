// How much processor time a process had, and for how long it was ready to run but had none, as the Linux kernel counts it. Reading it costs
// about 10 microseconds a thread, so it is for those who look now and then. Knows nothing of workers.

import { readdirSync, readFileSync } from "node:fs";

export interface ProcessorTimes {
  readonly computedMs: number;
  /** In the run queue: it wanted a processor and others had them all. */
  readonly delayedMs: number;
}

const NS_PER_MS = 1e6;

/** All threads of the process, or the first only. Undefined: it is gone, or this system does not tell. */
export function processorTimesOf(pid: number, hasThreads: boolean): ProcessorTimes | undefined {
  try {
    if (!hasThreads) return timesIn(`/proc/${pid}/schedstat`);
    const threads = readdirSync(`/proc/${pid}/task`);
    let [computedMs, delayedMs] = [0, 0];
    for (const thread of threads) {
      const times = timesIn(`/proc/${pid}/task/${thread}/schedstat`);
      computedMs += times.computedMs;
      delayedMs += times.delayedMs;
    }
    return { computedMs, delayedMs };
  } catch {
    return undefined; // ENOENT, ESRCH.
  }
}

/** The first thread of the process runs or could run right now. False also where that cannot be told. */
export function wantsProcessor(pid: number): boolean {
  try {
    // `pid (name) state ...`, and the name may hold anything.
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    return text.startsWith(" R", text.lastIndexOf(")") + 1);
  } catch {
    return false;
  }
}

function timesIn(path: string): ProcessorTimes {
  const [computed, delayed] = readFileSync(path, "latin1").split(" ");
  return { computedMs: Number(computed) / NS_PER_MS, delayedMs: Number(delayed) / NS_PER_MS };
}
