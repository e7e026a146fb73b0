// The states of a worker and of a zygote, as the front sees them. Every transition of both stands here; who causes
// it, when, and what follows from it is the registry's business.
//
//   worker:  starting -> ready -> retiring -> gone          (any state but gone can end by an exit)
//            starting, ready, retiring -> killed -> gone
//            ready, retiring -> aborting (-> killed) -> gone
//   zygote:  loading -> loaded -> stopping -> gone

export type WorkerState =
  /** Forked, or about to be; not all of its threads have said HELLO. */
  | "starting"
  /** Serves. */
  | "ready"
  /** Is given nothing new and leaves by itself. */
  | "retiring"
  /** A request time-out struck: SIGABRT is on its way, SIGKILL follows. */
  | "aborting"
  /** SIGKILL is on its way. */
  | "killed"
  | "gone";

export type WorkerEvent = "ready" | "retire" | "abort" | "kill" | "exited";

export type ZygoteState = "loading" | "loaded" | "stopping" | "gone";

export type ZygoteEvent = "loaded" | "stop" | "exited";

const WORKER = {
  starting: { ready: "ready", retire: "retiring", kill: "killed", exited: "gone" },
  ready: { retire: "retiring", abort: "aborting", kill: "killed", exited: "gone" },
  retiring: { abort: "aborting", kill: "killed", exited: "gone" },
  aborting: { kill: "killed", exited: "gone" },
  killed: { exited: "gone" },
  gone: {},
} satisfies Record<WorkerState, Partial<Record<WorkerEvent, WorkerState>>>;

const ZYGOTE = {
  loading: { loaded: "loaded", stop: "stopping", exited: "gone" },
  loaded: { stop: "stopping", exited: "gone" },
  // It may have been loading when it was told to stop.
  stopping: { loaded: "stopping", exited: "gone" },
  gone: {},
} satisfies Record<ZygoteState, Partial<Record<ZygoteEvent, ZygoteState>>>;

export function nextWorkerState(state: WorkerState, event: WorkerEvent): WorkerState {
  const row: Partial<Record<WorkerEvent, WorkerState>> = WORKER[state];
  const next = row[event];
  if (next === undefined) throw new Error(`a worker that is ${state} cannot take "${event}"`);
  return next;
}

export function nextZygoteState(state: ZygoteState, event: ZygoteEvent): ZygoteState {
  const row: Partial<Record<ZygoteEvent, ZygoteState>> = ZYGOTE[state];
  const next = row[event];
  if (next === undefined) throw new Error(`a zygote that is ${state} cannot take "${event}"`);
  return next;
}
