// Signals to processes that may be gone by now.

import { noteCpu } from "./orphan-cpu.ts";
import type { WorkerChannel } from "./worker-channel.ts";
import { admittedOf, type WorkerRecord } from "./worker-record.ts";

export function killProcess(pid: number | undefined, signal: string): void {
  if (pid === undefined) return;
  try {
    process.kill(pid, signal);
  } catch {
    // ESRCH: it is gone, which is what was wanted.
  }
}

/** Whoever's end is not known. */
export function killLiving(records: Iterable<WorkerRecord>): void {
  for (const record of records) if (record.exit === undefined) killProcess(record.pid, "SIGKILL");
}

/** The zygote of these workers is lost: one may stand still for a withdrawal. Returns their channels. */
export function continueOrphans(
  records: Iterable<WorkerRecord>,
  generation: number,
): WorkerChannel[] {
  const channels: WorkerChannel[] = [];
  for (const record of records) {
    if (record.generation !== generation) continue;
    noteCpu(record);
    killProcess(record.pid, "SIGCONT");
    channels.push(...admittedOf(record));
  }
  return channels;
}
