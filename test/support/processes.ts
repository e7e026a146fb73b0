// What the system tells of a process, for tests that look for leaks (Linux).

import { readdirSync, readFileSync } from "node:fs";
import { childrenOf } from "./server.ts";

export function openDescriptors(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/** Mapped regions of memory. */
export function memoryMaps(pid: number): number {
  return readFileSync(`/proc/${pid}/maps`, "latin1").split("\n").length - 1;
}

/** Children that have ended and that nobody has reaped. */
export function zombiesOf(pid: number): number[] {
  return childrenOf(pid).filter((child) => stateOf(child) === "Z");
}

/** One letter of proc(5): R, S, T (stopped), Z; empty when there is no such process. */
export function stateOf(pid: number): string {
  try {
    return /\) (\w)/s.exec(readFileSync(`/proc/${pid}/stat`, "latin1"))?.[1] ?? "";
  } catch {
    return "";
  }
}
