// What memory a worker process costs, as the system tells (Linux: /proc/PID/smaps_rollup, since 4.14). Judges nothing.

import { readFile } from "node:fs/promises";
import { bytesOf } from "../process-figures.ts";

/**
 * Proportional set size in bytes: the pages of its own and its share of those that it shares, so that the workers and their zygote add
 * up to what is in use. (The resident set counts what all workers share with the zygote for each of them; its limit would strike workers
 * that took nothing.) The kernel walks the page table for it, a millisecond or so for some hundred MiB: in libuv's thread pool, not in
 * the event loop. "gone" when there is no such process; "unknown" when the system does not tell.
 */
export async function proportionalBytes(pid: number): Promise<number | "gone" | "unknown"> {
  let text: string;
  try {
    text = await readFile(`/proc/${pid}/smaps_rollup`, "latin1");
  } catch (error) {
    return isGone(error) && process.platform === "linux" ? "gone" : "unknown";
  }
  return bytesOf(text, "Pss") ?? "gone"; // Empty for one that is about to be reaped.
}

function isGone(error: unknown): boolean {
  if (!(error instanceof Error) || !("code" in error)) return false;
  return error.code === "ENOENT" || error.code === "ESRCH";
}
