// The files without a name that a zygote shares with its workers and the front, found from outside by what they are called (Linux).

import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** Where the process has it open; undefined if it has not. */
export function memoryFile(pid: number, name: string): string | undefined {
  return descriptorsOf(pid)
    .map((each) => `/proc/${pid}/fd/${each}`)
    .find((path) => targetOf(path).includes(name));
}

/** In how many pieces the process has mapped files of this name. */
export function mappingsOf(pid: number, name: string): number {
  const lines = readFileSync(`/proc/${pid}/maps`, "latin1").split("\n");
  return lines.filter((line) => line.includes(name)).length;
}

function descriptorsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`);
  } catch {
    return []; // Ended meanwhile.
  }
}

function targetOf(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    return ""; // Closed meanwhile.
  }
}
