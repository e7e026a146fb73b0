// What a client is told when its request ends without the application's answer.

import type { GiveUpReason } from "../../core/dispatch/death.ts";
import { REFUSALS, type Refusal } from "../../core/http/refusal.ts";

/** `hasWorkers`: there is a worker at all; without one, waiting was in vain for another reason. */
export function refusalOf(why: GiveUpReason, hasWorkers: boolean): Refusal {
  switch (why) {
    case "queue-timeout":
      return hasWorkers ? REFUSALS.queueTimeout : REFUSALS.noWorker;
    case "request-timeout":
    case "request-total-timeout":
      return REFUSALS.requestTimeout;
    case "client-gone":
      return REFUSALS.noWorker;
    case "worker-died":
    case "memory-limit":
      return REFUSALS.workerDied;
  }
}
