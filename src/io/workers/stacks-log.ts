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
    ({ worker, pid = null }) =>
      new Promise<WorkerStacks>((resolve) => {
        workers.stacks(worker, (text) => {
          resolve({ worker, pid, stacks: text.trimEnd() });
        });
      }),
  );
  return Promise.all(answers);
}

/** SIGUSR2: as each comes. */
export function logStacks(workers: Workers, log: Log): void {
  for (const { worker, pid } of workers.records.values()) {
    workers.stacks(worker, (text) => {
      log.answer(`stacks of worker ${worker} (pid ${pid}):\n${text.trimEnd()}`);
    });
  }
}
