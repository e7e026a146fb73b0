// What the registry knows of one worker process and of one generation (a zygote and all that it forked), with the
// questions that it asks of many of them. Holds facts; the registry decides.

import type { RestartPolicy } from "./restart-policy.ts";
import type { WorkerState, ZygoteState } from "./state.ts";

export interface Worker {
  /** Never reused. */
  readonly id: number;
  readonly generation: Generation;
  readonly bornAt: number;
  state: WorkerState;
  /** Known once the zygote has told. */
  pid: number | undefined;
  /** When its last thread said HELLO. */
  readyAt: number | undefined;
  /** Threads that said HELLO. */
  readonly threads: Set<number>;
  /** Of those, how many channels are still open. */
  openChannels: number;
  /** They have ended unasked: it retires, and how it ended is still to be told. */
  hasLeft: boolean;
  /** All of them had, before it was killed: what it died of may be something else. */
  hadLeftBefore: boolean;
  /** It was let go before it had a channel, and is killed for that: it had nothing to finish. */
  isUnneeded: boolean;
  /** Its zygote is gone: no exit report will come, and only its pid reaches it. */
  isOrphan: boolean;
  /** Over a limit: to be replaced when its turn comes. */
  isDue: boolean;
  /** Its turn has come: it serves until the next one is ready. */
  isRecycled: boolean;
  /** It finishes what it runs: from when on it is told that others wait for its place. Infinity: it was, or is not. */
  awaitedAt: number;
  /** When `lapse` happens, unless it is gone by then. */
  deadline: number;
  lapse: "start-timeout" | "abort" | "kill" | "channel-lost";
}

export interface Generation {
  readonly id: number;
  readonly bornAt: number;
  /** Back-off of its workers. */
  readonly policy: RestartPolicy;
  zygote: ZygoteState;
  /** When a worker of it was ready for the first time: it is proven. */
  readyAt: number | undefined;
  /** When a zygote that loads or stops is killed. */
  deadline: number;
  isForced: boolean;
}

/** Serves, or will soon. */
export function isStaffed({ state }: Pick<Worker, "state">): boolean {
  return state === "starting" || state === "ready";
}

/** Nobody asked it to end: if it does, that is told. */
export function isUnasked(worker: Pick<Worker, "state" | "hasLeft">): boolean {
  return isStaffed(worker) || (worker.state === "retiring" && worker.hasLeft);
}

/** Holds what an application holds (database connections, memory), and will for a while. */
export function isOccupying({ state }: Worker): boolean {
  return state === "starting" || state === "ready" || state === "retiring";
}

/** Counts towards the number of workers that its generation should have. */
export function isFresh(worker: Worker): boolean {
  return isStaffed(worker) && !worker.isRecycled;
}

/** For the log: `worker 3 (pid 4711)`. */
export function nameOf({ id, pid }: Worker): string {
  return pid === undefined ? `worker ${id}` : `worker ${id} (pid ${pid})`;
}

/** For the log: how a process ended. */
export function describeExit(status: number | null, signal: string | null): string {
  return signal === null ? `exited with status ${status}` : `was ended by ${signal}`;
}
