// Requests that found the queue full. For a moment each waits for room in it: thousands of connections may well ask at once, and a queue of
// quick requests is emptied in less time than that. Those who get none are refused, a few at a time, so that the answers of workers are read
// between them (docs/decisions/035-before-a-full-queue.md).

import type { Exchange } from "../../core/http/exchange.ts";
import { REFUSALS } from "../../core/http/refusal.ts";
import type { SocketPoller } from "../sockets/socket-poller.ts";
import type { OverloadLog } from "./overload-log.ts";

/** Beyond this the queue is not full for a moment: there is more to do than can be done. */
const PATIENCE_MS = 250;
/** So many are refused at once, which takes about a millisecond; the next ones so much later. */
const REFUSALS_AT_ONCE = 32;
const BETWEEN_MS = 1;

/** Of the dispatcher. */
interface Queue {
  /** False: it is full. */
  submit(exchange: Exchange, now: number, queuedAt: number): boolean;
}

export class QueueOverflow {
  readonly #queue: Queue;
  readonly #log: Pick<OverloadLog, "refused">;
  readonly #now: () => number;
  readonly #afterReading: (run: () => void) => void;
  /** Oldest first; each waits since its `queuedAt`. */
  readonly #waiting = new Set<Exchange>();
  #timer: NodeJS.Timeout | undefined;

  constructor(
    queue: Queue,
    log: Pick<OverloadLog, "refused">,
    poller: Pick<SocketPoller, "atEndOfTurn"> | undefined,
    now: () => number = () => performance.now(),
  ) {
    this.#queue = queue;
    this.#log = log;
    this.#afterReading = poller?.atEndOfTurn ?? setImmediate;
    this.#now = now;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** One that was just submitted, in vain. */
  add(exchange: Exchange): void {
    this.#waiting.add(exchange);
    if (this.#waiting.size === 1) this.#wakeIn(PATIENCE_MS);
  }

  /** There may be room by now. */
  admit(): void {
    if (this.#waiting.size === 0) return;
    const now = this.#now();
    for (const exchange of this.#waiting) {
      if (exchange.clientGone) exchange.request.body?.dispose();
      else if (!this.#queue.submit(exchange, now, exchange.queuedAt)) return;
      this.#waiting.delete(exchange);
    }
  }

  #wakeIn(ms: number): void {
    clearTimeout(this.#timer);
    // What workers have answered is read first: a front that stood still finds that, and may have room.
    this.#timer = setTimeout(() => {
      this.#afterReading(this.#refuseLate);
    }, ms);
  }

  readonly #refuseLate = (): void => {
    const now = this.#now();
    let count = 0;
    for (const exchange of this.#waiting) {
      const leftMs = PATIENCE_MS - (now - exchange.queuedAt);
      if (leftMs > 0 || count === REFUSALS_AT_ONCE) {
        this.#wakeIn(Math.max(leftMs, BETWEEN_MS));
        return;
      }
      count++;
      this.#waiting.delete(exchange);
      if (!exchange.clientGone) this.#log.refused("--queue-length was reached");
      exchange.sink.answerRefused(exchange, REFUSALS.queueFull);
    }
  };
}
