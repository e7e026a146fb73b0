// What the server says of itself when it begins and ends, in words.

import type { Config } from "../config/options.ts";

/** `1 worker`, `2 workers`. */
export function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** `serving app:app at http://127.0.0.1:8888 (2 workers, at most 16, Python 3.11.7, process 4711)`; `status` is what stands before the bracket. */
export function servingText(
  status: string,
  { workers: { min, max }, threads }: Pick<Config, "workers" | "threads">,
  python: string,
): string {
  const perWorker = threads === 1 ? "" : ` of ${threads} threads`;
  const most = max === min ? "" : `, at most ${max}`;
  return `${status} (${countOf(min, "worker")}${perWorker}${most}, Python ${python}, process ${process.pid})`;
}
