// Processor time of workers whose zygote is lost: no exit report will tell it, so the kernel is asked while they live. Linux; elsewhere 0.

import { readFileSync } from "node:fs";
import type { Figures } from "../../core/metrics/figures.ts";
import { cpuSecondsOf } from "../process-figures.ts";
import type { WorkerRecord } from "./worker-record.ts";

/** What it had until now. */
export function noteCpu(record: WorkerRecord): void {
  try {
    const seconds = cpuSecondsOf(readFileSync(`/proc/${record.pid}/stat`, "latin1"));
    // Less is another's, who has its pid now.
    record.cpuSeconds = Math.max(record.cpuSeconds, seconds);
  } catch {
    // Gone meanwhile: what was seen last counts.
  }
}

/** Its channels have ended: it is about to, and counts as one that is gone from now on. */
export function settleCpu(record: WorkerRecord, figures: Figures): void {
  if (record.exit !== undefined) return; // Its zygote has told.
  noteCpu(record);
  figures.endedCpuSeconds += record.cpuSeconds;
}
