// Memory that was freed goes back to the system: V8's compilers leave some 12 MiB in malloc's arenas, in the first seconds under load.

import type { Libc } from "./sockets/libc.ts";

const LOOK_MS = 2000;
/** Less is not worth a look through all arenas, which takes a millisecond or two of another thread. */
const GROWN_BYTES = 2 * 2 ** 20;

/** Trims from now on, whenever the process has grown since. `trim`: undefined where there is no such function. */
export function giveBackFreedMemory(
  trim: Libc["mallocTrim"],
  residentBytes: () => number = () => process.memoryUsage.rss(),
): void {
  if (trim === undefined) return;
  let trimmedBytes = 0;
  let isTrimming = false;
  setInterval(() => {
    if (isTrimming || residentBytes() < trimmedBytes + GROWN_BYTES) return;
    isTrimming = true;
    trim(() => {
      isTrimming = false;
      trimmedBytes = residentBytes();
    });
  }, LOOK_MS).unref();
}
