// The Python stacks of all workers, to the log or to whoever asks. Knows who has the workers; how stacks come is stacks-requests.ts's business.

import type { Log } from "../log.ts";
import type { WorkerRecord } from "./worker-record.ts";

export interface WorkerStacks {
  readonly worker: number;
  readonly pid: number | null;
  /** Of all threads, as faulthandler writes them; empty when they cannot be had. */
  readonly stacks: string;
}

/** Who has the workers. */
interface Workers {
  readonly records: ReadonlyMap<number, WorkerRecord>;
  stacks(worker: number, onText: (text: string) => void): void;
}

/** Of every worker, or of one. */
export function collectStacks(workers: Workers, only?: number): Promise<WorkerStacks[]> {
  const asked = [...workers.records.values()].filter(
    ({ worker, exit }) => exit === undefined && (only === undefined || worker === only),
  );
  const answers = asked.map(
    (record) =>
      new Promise<WorkerStacks>((resolve) => {
        workers.stacks(record.worker, (text) => {
          // Its pid as it is known now: one that has just been forked had none when it was asked.
          resolve({ worker: record.worker, pid: record.pid ?? null, stacks: text.trimEnd() });
        });
      }),
  );
  return Promise.all(answers);
}

/** SIGUSR2: as each comes. */
export function logStacks(workers: Workers, log: Log): void {
  for (const record of workers.records.values()) {
    workers.stacks(record.worker, (text) => {
      const stacks = text.trimEnd() || "no stacks could be had";
      log.answer(`stacks of worker ${record.worker} (pid ${record.pid ?? "-"}):\n${stacks}`);
    });
  }
}
