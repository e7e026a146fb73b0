// Why a worker ended: told from its exit and from the state that it was in, for the figures and the log.

import type { EndCause, Figures } from "../../core/metrics/figures.ts";
import type { Death, History } from "../../core/metrics/history.ts";
import type { RegistryCommand } from "../../core/workers/commands.ts";
import type { WorkerState } from "../../core/workers/state.ts";
import { isUnasked, type Worker } from "../../core/workers/worker.ts";
import type { Log } from "../log.ts";
import { OomKills } from "./oom-kills.ts";
import { settleCpu } from "./orphan-cpu.ts";
import { methodAndPathOf } from "./pool-status.ts";
import { describeExit, type WorkerExit, type WorkerRecord } from "./worker-record.ts";

/** Of all workers. */
const oomKills = new OomKills();

/** `state` is the one before the exit was known. Undefined: it was asked to go, and went. */
export function endCauseOf(
  exit: WorkerExit | undefined,
  state: WorkerState | undefined,
  isTimedOut: boolean,
): EndCause | undefined {
  if (isTimedOut) return "timeout";
  if (state === "killed" || state === "aborting") return "killed";
  if (exit === undefined) return state === "retiring" ? undefined : "lost";
  if (exit.signal !== null) return "signal";
  return state === "retiring" && exit.status === 0 ? undefined : "exit";
}

/** The zygote has reaped `worker`, which is as it was before that was known. */
export function noteExit(
  record: WorkerRecord,
  exit: WorkerExit,
  worker: Pick<Worker, "state" | "hadLeftBefore"> | undefined,
  kills = oomKills,
): void {
  record.exit = exit;
  // A SIGKILL of ours must not take what another has died of.
  const isKilled = worker?.state === "killed" || worker?.state === "aborting";
  const isOurs = record.isTimedOut || (isKilled && !worker.hadLeftBefore);
  const isUnexplained = exit.signal === "SIGKILL" && !isOurs;
  record.isOutOfMemory = isUnexplained && kills.take(record.oomKillsBefore);
}

/** Counts the end of this worker, once, unless it was asked to go. */
export function noteDeath(
  record: WorkerRecord,
  worker: Pick<Worker, "state" | "hasLeft" | "isUnneeded"> | undefined,
  { figures, history }: { readonly figures: Figures; readonly history: History },
): void {
  if (worker?.isUnneeded === true) return; // It was asked to go, if not politely.
  // One that left by itself retires, but nobody asked it to go; and what had no memory was not killed by us, however late that is heard.
  const isUnaskedEnd = worker !== undefined && (record.isOutOfMemory || isUnasked(worker));
  const state = isUnaskedEnd ? "ready" : worker?.state;
  const cause = endCauseOf(record.exit, state, record.isTimedOut);
  if (cause === undefined || record.death !== undefined) return;
  figures.deaths[cause]++;
  const { pid = null } = record;
  record.death = {
    at: Date.now(),
    worker: record.worker,
    pid,
    cause,
    how: describeExit(record.exit),
    request: null,
  };
  history.died(record.death);
}

/** What the registry says. Of the end of a worker it waits for settleEnd(). */
export function writeNote(
  { level, text, worker }: Extract<RegistryCommand, { kind: "note" }>,
  records: ReadonlyMap<number, WorkerRecord>,
  log: Log,
): void {
  const record = worker === undefined ? undefined : records.get(worker);
  if (record?.exit === undefined) log.write(level, text);
  else record.endNote = text;
}

/** Nothing more will be heard of it. Its end is told with the request that it was running, if there was one: once. */
export function settleEnd(
  record: WorkerRecord,
  { figures, log }: { readonly figures: Figures; readonly log: Log },
): void {
  settleCpu(record, figures);
  const { worker, pid, endNote, death } = record;
  record.endNote = "";
  if (endNote === "" || (death?.request ?? null) !== null) return;
  log.write("error", endNote, { worker, worker_pid: pid ?? null });
}

/** What it was running when it died: without the query, which may hold what is nobody's business. */
export function nameVictim(death: Death | undefined, requestLine: string): void {
  if (death === undefined) return;
  const { method, path } = methodAndPathOf(requestLine);
  death.request = `${method} ${path}`;
}
