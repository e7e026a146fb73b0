// How many processes the kernel has killed because memory ran out: a SIGKILL that nobody here sent may be one of those. Linux; elsewhere 0.

import { readFileSync } from "node:fs";
import { join } from "node:path";

const CGROUPS = "/sys/fs/cgroup";
/** Of the whole system, those of control groups included. Since Linux 4.13. */
const SYSTEM_FILE = "/proc/vmstat";

let file: string | undefined;

/** Of this process's own control group where that tells (version 2), else of the system. It only grows. */
export function countOomKills(): number {
  file ??= [ownGroupFile(), SYSTEM_FILE].find((path) => countIn(path) !== undefined) ?? SYSTEM_FILE;
  return countIn(file) ?? 0;
}

/** The workers are in the same group. */
function ownGroupFile(): string {
  const group = /^0::(.*)$/m.exec(textOf("/proc/self/cgroup"))?.[1] ?? "/";
  return join(CGROUPS, group, "memory.events");
}

function countIn(path: string): number | undefined {
  const count = /^oom_kill (\d+)$/m.exec(textOf(path))?.[1];
  return count === undefined ? undefined : Number(count);
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return ""; // This system has no such file.
  }
}
