// Who hears how each request ended: the figures, the access log, and, where an option would have helped, the server's log.

import type { Figures } from "../core/metrics/figures.ts";
import type { Logs } from "./open-logs.ts";
import type { ConnectionObserver } from "./net/connection-context.ts";

const ADVICE_PAUSE_MS = 5000;

export function requestObserver(hearers: {
  readonly figures: Figures;
  readonly logs: Logs;
}): ConnectionObserver {
  const { figures, logs } = hearers;
  const { log } = logs;
  /** By text: there are as many as refusals with advice. */
  const advisedAt = new Map<string, number>();

  /** What clients can cause again and again is said once in a while: they must not fill the log. */
  function advise(text: string, detail: string): void {
    const now = performance.now();
    if (now - (advisedAt.get(text) ?? -Infinity) < ADVICE_PAUSE_MS) return;
    advisedAt.set(text, now);
    log.info(text + detail);
  }

  return {
    exchangeOver: (exchange, now) => {
      if (exchange.isProbe) figures.healthProbes++;
      else {
        figures.requestOver(exchange.status);
        figures.totalTime.observe(now - exchange.receivedAt);
      }
      logs.accessLog?.exchangeOver(exchange, now);
    },
    refused: (request) => {
      const { status, title, fix } = request.refusal;
      figures.requestOver(status);
      logs.accessLog?.refused(request);
      if (fix === undefined) return;
      advise(`${status} ${title} ${fix}`, request.id === "" ? "" : ` (request ${request.id})`);
    },
    failed: (what, error) => {
      log.error(`${what}: ${error.message}`);
    },
  };
}
