// What becomes of a request when the worker that held it is gone (design: "started at most once, and nothing that was
// not started is lost"). Decides for one request; knows nothing of queues and channels.

import type { Fate } from "../workers/ledger.ts";
import type { DispatchedRequest } from "./request.ts";

/** A request may begin this often, if its method is safe and its worker died. */
const MAX_RUNS = 2;

/** Why a worker ended: by itself, by a request time-out, or by the memory limit. */
export type DeathCause = "exit" | "timeout" | "memory";

/** Silence of the application, or the time from start to END. */
export type TimeoutKind = "request-timeout" | "request-total-timeout";

/** Why a request ends without the application's answer. */
export type GiveUpReason =
  | TimeoutKind
  | "queue-timeout"
  | "worker-died"
  | "memory-limit"
  | "client-gone";

/** Who may have brought the worker down must not bring down another. */
export interface Suspicion {
  readonly cause: DeathCause;
  /** The time-out that struck on this very request. */
  readonly stuck: TimeoutKind | undefined;
}

/** Whether the request goes back to the queue, or the reason why it ends. */
export function afterDeath(
  request: DispatchedRequest,
  fate: Fate,
  suspicion: Suspicion,
): "again" | GiveUpReason {
  if (fate === "started") return afterRun(request, suspicion);
  return request.clientGone ? "client-gone" : "again";
}

function afterRun(request: DispatchedRequest, { cause, stuck }: Suspicion): "again" | GiveUpReason {
  if (stuck !== undefined) return stuck;
  // With several threads the memory limit does not say which request was the one.
  if (cause === "memory") return "memory-limit";
  const mayRepeat = request.isSafe && !request.answerStarted && request.runs + 1 < MAX_RUNS;
  if (!mayRepeat) return "worker-died";
  return request.clientGone ? "client-gone" : "again";
}
