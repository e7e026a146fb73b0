// How much processor time a process had, for how long it was ready to run but had none, and whether it asks for one, as the Linux kernel tells
// it. Reading it costs about 40 microseconds a thread, so it is for those who look now and then. Knows nothing of workers.

import { closeSync, openSync, readdirSync, readSync } from "node:fs";

export interface ProcessorTimes {
  readonly computedMs: number;
  /** In the run queue: it wanted a processor and others had them all. The kernel counts each such time when it is over. */
  readonly delayedMs: number;
  /** Just before the times were read every thread waited for something else than a processor; so of `delayedMs` nothing is missing. */
  readonly isAsleep: boolean;
}

const NS_PER_MS = 1e6;
/** Both files are a line of less; readFileSync would take twice the time. */
const line = Buffer.allocUnsafe(1024);

/** All threads of the process, or the first only. Undefined: it is gone, or this system does not tell. */
export function processorTimesOf(pid: number, hasThreads: boolean): ProcessorTimes | undefined {
  const tasks = `/proc/${pid}/task`;
  try {
    let [computedMs, delayedMs, isAsleep] = [0, 0, true];
    for (const thread of hasThreads ? readdirSync(tasks) : [pid]) {
      if (!isSleeping(`${tasks}/${thread}/stat`)) isAsleep = false;
      const [computed, delayed] = read(`${tasks}/${thread}/schedstat`).split(" ");
      computedMs += Number(computed) / NS_PER_MS;
      delayedMs += Number(delayed) / NS_PER_MS;
    }
    return { computedMs, delayedMs, isAsleep };
  } catch {
    return undefined; // ENOENT, ESRCH.
  }
}

/** S or D: neither runs, nor could run, nor is stopped. */
function isSleeping(path: string): boolean {
  // `pid (name) state ...`, and the name may hold anything.
  const text = read(path);
  const state = text.charAt(text.lastIndexOf(")") + 2);
  return state === "S" || state === "D";
}

function read(path: string): string {
  const file = openSync(path, "r");
  try {
    return line.toString("latin1", 0, readSync(file, line));
  } finally {
    closeSync(file);
  }
}
