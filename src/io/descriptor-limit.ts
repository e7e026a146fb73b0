// How many file descriptors this process may have (RLIMIT_NOFILE), as the kernel tells it: Node has no call for it.

import { readFileSync } from "node:fs";

/** The soft limit in force; Infinity where it cannot be read (not Linux). Node raises it to the hard limit at its start. */
export function descriptorLimit(): number {
  let text: string;
  try {
    text = readFileSync("/proc/self/limits", "latin1");
  } catch {
    return Infinity;
  }
  const found = /^Max open files\s+(\d+|unlimited)/m.exec(text)?.[1];
  return found === undefined || found === "unlimited" ? Infinity : Number(found);
}

/** What a front needs besides its clients: Node itself, listeners, channels of two generations of workers, spool files, logs. */
export function reservedDescriptors(channels: number): number {
  return 40 + 2 * channels;
}

/** Connections that can be open at once without ever meeting EMFILE; at least 8, with which a server can at least be looked at. */
export function effectiveMaxConnections(wanted: number, limit: number, channels: number): number {
  return Math.min(wanted, Math.max(8, limit - reservedDescriptors(channels)));
}
