// Requests whose client has sent FIN. The client may still want the answer, but not after a long wait (design section 2).

import type { Exchange } from "../../core/http/exchange.ts";

/** A waiting request whose client has sent FIN leaves the queue after this. */
const PATIENCE_MS = 1000;

/**
 * Looks at the request until it is over: a withdrawal may bring one that was in a worker's hands back to the queue. `leave` takes it out of
 * that.
 */
export function abandonIfItWaits(exchange: Exchange, leave: () => void): void {
  setTimeout(() => {
    if (exchange.place === "in-hand") abandonIfItWaits(exchange, leave);
    if (exchange.place !== "waiting") return;
    leave();
    exchange.sink.answerAbandoned(exchange);
  }, PATIENCE_MS).unref();
}
