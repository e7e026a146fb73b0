// Health on the main address: the front answers one path itself, without the queue. Stands before the pool only where --health-path is given,
// and then costs other requests one comparison.

import type { Exchange, RequestSink } from "../core/http/exchange.ts";
import { REFUSALS, type Refusal } from "../core/http/refusal.ts";

export type Health = "ready" | "notReady" | "draining";

/** `health` tells whether requests should be sent here. */
export function withHealthPath(
  path: string,
  requests: RequestSink,
  health: () => Health,
): RequestSink {
  if (path === "") return requests;
  const get = `GET ${path}`;
  const head = `HEAD ${path}`;
  return {
    submit(exchange: Exchange): void {
      const { requestLine } = exchange.request;
      if (requestLine !== get && requestLine !== head) {
        requests.submit(exchange);
        return;
      }
      exchange.isProbe = true;
      exchange.sink.answerRefused(exchange, answerTo(health()));
    },
    clientLeft: (exchange, isReset) => {
      requests.clientLeft(exchange, isReset);
    },
    hold: (exchange, isHeld) => {
      requests.hold(exchange, isHeld);
    },
  };
}

function answerTo(health: Health): Refusal {
  return REFUSALS[health];
}
