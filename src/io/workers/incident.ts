// What the log says when a worker failed a request: everything that is known, in one line, stacks behind it.

import type { Exchange } from "../../core/http/exchange.ts";
import { describeExit, type WorkerRecord } from "./worker-record.ts";

export function deathText(exchange: Exchange, record: WorkerRecord | undefined): string {
  const ranMs = Math.round(performance.now() - exchange.startedAt);
  const { requestLine } = exchange;
  return `worker ${record?.worker} (pid ${record?.pid}) ended by ${describeExit(record?.exit)} while it ran ${requestLine} (${ranMs} ms)`;
}

export interface Hang {
  readonly option: "request-timeout" | "request-total-timeout";
  readonly silentMs: number;
  readonly ranMs: number;
  readonly worker: number;
  readonly pid: number | undefined;
}

export function hangText(exchange: Exchange, hang: Hang, stacks: string): string {
  const waitedMs = Math.round(exchange.startedAt - exchange.queuedAt);
  const { option, silentMs, ranMs, worker, pid } = hang;
  const text = stacks === "" ? "no stacks could be had" : stacks.trimEnd();
  return (
    `${exchange.requestLine} was ended by --${option}: waited ${waitedMs} ms, ran ${Math.round(ranMs)} ms, ` +
    `silent for ${Math.round(silentMs)} ms in worker ${worker} (pid ${pid})\n${text}`
  );
}
