// The defaults that follow from the machine: its processors and its memory, or what a control group leaves of them. Pure.

import type { WorkerRange } from "./kinds.ts";
import type { Known } from "./option.ts";

const MIB = 2 ** 20;
/** What the front and the zygote take themselves, under load. */
const OWN_MEMORY_BYTES = 128 * MIB;
/** A guess, since the application is not known yet: small ones take half of this for what a worker does not share, large ones twice as much. */
const WORKER_MEMORY_BYTES = 64 * MIB;
const WORKERS_PER_CORE = 8;
/** Each may be a database connection. */
const MOST_WORKERS = 32;

/** One a core, growing to eight a core, but no more than have room in memory: the kernel would kill them. At least one. */
export function defaultWorkers({ cores, memoryBytes }: Known): WorkerRange {
  const room = Math.max(1, Math.floor((memoryBytes - OWN_MEMORY_BYTES) / WORKER_MEMORY_BYTES));
  const most = Math.max(cores, Math.min(WORKERS_PER_CORE * cores, MOST_WORKERS));
  return { min: Math.min(cores, room), max: Math.min(most, room) };
}

const BUFFER_MEMORY_BYTES = 256 * MIB;
const BUFFER_SHARE = 0.25;
/** Enough for the bodies and answers of a few requests at a time; less memory than four times this runs no server. */
const LEAST_BUFFER_MEMORY_BYTES = 16 * MIB;

/** Whole MiB, so that it can be read. */
export function defaultBufferMemory({ memoryBytes }: Known): number {
  const share = Math.floor((memoryBytes * BUFFER_SHARE) / MIB) * MIB;
  return Math.max(LEAST_BUFFER_MEMORY_BYTES, Math.min(BUFFER_MEMORY_BYTES, share));
}
