// How many processes the kernel has killed because memory ran out: a SIGKILL that nobody here sent may be one of those. Linux; elsewhere 0.

import { controlGroups, readText } from "../../config/control-group.ts";

/** In this process' own control group: version 2 counts those of the groups below too, version 1 (since Linux 4.13) does not. */
const GROUP_FILES = { 1: "memory.oom_control", 2: "memory.events" } as const;
/** Of the whole system, where no group tells: what others die of is then taken for ours. Since Linux 4.13. */
const SYSTEM_FILE = "/proc/vmstat";

let file: string | undefined;

/** It only grows. */
export function countOomKills(): number {
  file ??= groupFiles().find((path) => countIn(path) !== undefined) ?? SYSTEM_FILE;
  return countIn(file) ?? 0;
}

/** Each of them explains one death, or every later SIGKILL of a worker that had lived then would pass for one of them. */
export class OomKills {
  readonly #count: () => number;
  /** So many of them are some death, or came before the fork of one that is. */
  #explained = 0;

  constructor(count: () => number = countOomKills) {
    this.#count = count;
  }

  /** Whether one explains the SIGKILL of a process that was forked when there had been `before` of them. */
  take(before: number): boolean {
    const explained = Math.max(before, this.#explained);
    if (this.#count() <= explained) return false;
    this.#explained = explained + 1;
    return true;
  }
}

/** The workers are in the same group: one that its application moves elsewhere is not seen. Innermost first. */
function groupFiles(): string[] {
  return controlGroups("memory", readText).map(
    ({ version, directory }) => `${directory}/${GROUP_FILES[version]}`,
  );
}

function countIn(path: string): number | undefined {
  const count = /^oom_kill (\d+)$/m.exec(readText(path) ?? "")?.[1];
  return count === undefined ? undefined : Number(count);
}
