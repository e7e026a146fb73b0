// What keeps requests from old code while new code is on its way (--reload). Stands before the pool and tells nobody what it is waiting for.

import type { Exchange, RequestSink } from "../../core/http/exchange.ts";
import { REFUSALS, type Refusal } from "../../core/http/refusal.ts";

/** More wait at no browser's wish. */
const MAX_HELD = 1000;

/** The pool, which is told from when on a request waits for a worker. */
export interface GatedRequests extends RequestSink {
  submit(exchange: Exchange, queuedAt?: number): void;
}

export type GateState =
  | { readonly kind: "open" }
  /** Requests wait. */
  | { readonly kind: "waiting" }
  /** There is no code that could answer: each is refused. */
  | { readonly kind: "broken"; readonly refusal: Refusal };

export class RequestGate implements RequestSink {
  readonly #behind: GatedRequests;
  readonly #held = new Set<Exchange>();
  readonly #pass = (): void => {
    this.#passHeld();
  };
  #state: GateState = { kind: "waiting" };

  constructor(behind: GatedRequests) {
    this.#behind = behind;
  }

  get state(): GateState["kind"] {
    return this.#state.kind;
  }

  /** Not at once: who opens it is in the middle of a step of the workers. */
  set(state: GateState): void {
    this.#state = state;
    if (this.#held.size > 0 && state.kind !== "waiting") setImmediate(this.#pass);
  }

  /**
   * Not in this turn of the event loop: whoever saves a file and then asks has both waiting in the kernel, and in which order they are
   * read is chance. Once all of one poll is read, the change is known, and what came behind it waits.
   */
  submit(exchange: Exchange): void {
    if (this.#held.size >= MAX_HELD) {
      exchange.sink.answerRefused(exchange, REFUSALS.queueFull);
      return;
    }
    this.#held.add(exchange);
    setImmediate(this.#pass);
  }

  clientLeft(exchange: Exchange, isReset: boolean): void {
    if (!this.#held.has(exchange)) this.#behind.clientLeft(exchange, isReset);
    else if (isReset) {
      this.#held.delete(exchange);
      exchange.request.body?.dispose();
    } else exchange.hasClientEnded = true; // It may still read: who saves and asks with `nc` waits for the import too.
  }

  hold(exchange: Exchange, isHeld: boolean): void {
    this.#behind.hold(exchange, isHeld);
  }

  #passHeld(): void {
    if (this.#state.kind === "waiting") return;
    const state = this.#state;
    const passing = [...this.#held];
    this.#held.clear();
    for (const exchange of passing) {
      if (state.kind === "broken") exchange.sink.answerRefused(exchange, state.refusal);
      else {
        // Now, since it did not wait for a worker so far: an import may take longer than --queue-timeout.
        this.#behind.submit(exchange, performance.now());
        if (exchange.hasClientEnded) this.#behind.clientLeft(exchange, false);
      }
    }
  }
}
