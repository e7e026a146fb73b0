// Workers in which a request timed out, or that begin none: they are named in the log, with what they do, and ended. Where other threads
// still run something, those may finish first (design section 3, Hang).

import type { Channel } from "../../core/dispatch/channel.ts";
import type { TimeoutKind } from "../../core/dispatch/death.ts";
import type { Exchange } from "../../core/http/exchange.ts";
import type { Log, LogFields } from "../log.ts";
import { deafText, hangText, incidentFields } from "./incident.ts";
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
  stuck(worker: number, exchange: Exchange, silentMs: number, option: TimeoutKind): void {
    const pid = this.#pidOf(worker);
    const ranMs = performance.now() - exchange.startedAt;
    const fields = incidentFields(exchange, worker, pid);
    this.#end(worker, fields, (stacks) =>
      hangText(exchange, { option, silentMs, ranMs, worker, pid }, stacks),
    );
  }

  /** Nothing that it was sent has begun for so long. */
  deaf(worker: number, silentMs: number, option: TimeoutKind): void {
    const pid = this.#pidOf(worker);
    this.#end(worker, { worker, worker_pid: pid ?? null }, (stacks) =>
      deafText({ option, silentMs, worker, pid }, stacks),
    );
  }

  /** To be called after every answer; costs nothing while there is none of them. */
  check(): void {
    for (const worker of this.#workers) {
      const others = this.#channels().filter((channel) => channel.worker === worker);
      if (others.some((channel) => channel.stuck === undefined && channel.inHand > 0)) continue;
      this.#workers.delete(worker);
      this.#workforce.othersFinished(worker, performance.now());
    }
  }

  #end(worker: number, fields: LogFields, textOf: (stacks: string) => string): void {
    this.#workforce.stacks(worker, (stacks) => {
      this.#log.error(textOf(stacks), fields);
      this.#workforce.timedOut(worker, performance.now());
      this.#workers.add(worker);
      this.check();
    });
  }

  #pidOf(worker: number): number | undefined {
    return this.#workforce.records.get(worker)?.pid;
  }
}
