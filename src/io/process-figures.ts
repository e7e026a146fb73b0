// Memory and processor time of processes, as Linux tells them in /proc; elsewhere nothing is known. Sampled when asked for, off the event loop.

import { readFile } from "node:fs/promises";

export interface ProcessFigures {
  /** Resident memory, pages that it shares with the other workers since the fork included. */
  readonly rssBytes: number;
  /** Each shared page counted in equal parts to those that share it: of all workers together, this is what they take. */
  readonly pssBytes: number | undefined;
  /** User and system time since the process began. */
  readonly cpuSeconds: number;
}

/** Of the kernel's interface, whatever the machine's own clock is (proc(5), USER_HZ). */
const TICKS_PER_SECOND = 100;

/** By pid; those that are gone, or not to be read, are missing. `withShares`: also `pssBytes`, for which the kernel walks all pages. */
export async function readProcesses(
  pids: readonly number[],
  { withShares }: { readonly withShares: boolean },
): Promise<ReadonlyMap<number, ProcessFigures>> {
  const found = new Map<number, ProcessFigures>();
  await Promise.all(
    pids.map(async (pid) => {
      try {
        const [stat, status, rollup] = await Promise.all([
          readFile(`/proc/${pid}/stat`, "latin1"),
          readFile(`/proc/${pid}/status`, "latin1"),
          withShares ? readFile(`/proc/${pid}/smaps_rollup`, "latin1").catch(() => "") : "",
        ]);
        found.set(pid, {
          rssBytes: bytesOf(status, "VmRSS") ?? 0,
          pssBytes: bytesOf(rollup, "Pss"),
          cpuSeconds: cpuSecondsOf(stat),
        });
      } catch {
        // Gone meanwhile, or no /proc on this system.
      }
    }),
  );
  return found;
}

/** `VmRSS:	   12345 kB`, of a file in /proc. */
export function bytesOf(text: string, name: string): number | undefined {
  const found = new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(text)?.[1];
  return found === undefined ? undefined : Number(found) * 1024;
}

/** utime and stime, fields 14 and 15 of proc(5); the name in parentheses before them may hold anything. */
export function cpuSecondsOf(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / TICKS_PER_SECOND;
}
