// Requests that waited when their client sent FIN. The client may still want the answer, so they wait on for a while (design section 2);
// who is handed one of them is to know of the FIN.

import type { Exchange } from "../../core/http/exchange.ts";

/** A waiting request whose client has sent FIN leaves the queue after this. */
const PATIENCE_MS = 1000;

export class HalfClosedClients {
  readonly #exchanges = new Set<Exchange>();

  add(exchange: Exchange): void {
    this.#exchanges.add(exchange);
    setTimeout(() => {
      this.#exchanges.delete(exchange);
      if (exchange.place === "waiting") exchange.sink.answerAbandoned(exchange);
    }, PATIENCE_MS);
  }

  has(exchange: Exchange): boolean {
    return this.#exchanges.size > 0 && this.#exchanges.has(exchange);
  }
}
