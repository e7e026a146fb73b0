// Workers in which a request timed out: they are named in the log, with what they do, and ended. Where other threads still run something,
// those may finish first (design section 3, Hang).

import type { Channel } from "../../core/dispatch/channel.ts";
import type { TimeoutKind } from "../../core/dispatch/death.ts";
import type { Exchange } from "../../core/http/exchange.ts";
import type { Log } from "../log.ts";
import { hangText, incidentFields } from "./incident.ts";
import type { Workforce } from "./workforce.ts";

export class TimedOutWorkers {
  readonly #workforce: Workforce;
  readonly #log: Log;
  readonly #channels: () => readonly Channel<Exchange>[];
  readonly #workers = new Set<number>();

  /** `channels`: all that are alive. */
  constructor(workforce: Workforce, log: Log, channels: () => readonly Channel<Exchange>[]) {
    this.#workforce = workforce;
    this.#log = log;
    this.#channels = channels;
  }

  /** This request has timed out there. */
  add(worker: number, exchange: Exchange, silentMs: number, option: TimeoutKind): void {
    const pid = this.#workforce.records.get(worker)?.pid;
    const ranMs = performance.now() - exchange.startedAt;
    this.#workforce.stacks(worker, (stacks) => {
      const text = hangText(exchange, { option, silentMs, ranMs, worker, pid }, stacks);
      this.#log.error(text, incidentFields(exchange, worker, pid));
      this.#workforce.timedOut(worker, performance.now());
      this.#workers.add(worker);
      this.check();
    });
  }

  /** To be called after every answer and withdrawal; costs nothing while there is none of them. */
  check(): void {
    for (const worker of this.#workers) {
      const others = this.#channels().filter((channel) => channel.worker === worker);
      if (others.some((channel) => channel.stuck === undefined && channel.inHand > 0)) continue;
      this.#workers.delete(worker);
      this.#workforce.othersFinished(worker, performance.now());
    }
  }
}
