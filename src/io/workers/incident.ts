// What the log says when a worker failed a request: everything that is known, in one line, stacks behind it.

import type { Channel } from "../../core/dispatch/channel.ts";
import { NOT_STARTED } from "../../core/dispatch/request.ts";
import type { Exchange, WholeRequest } from "../../core/http/exchange.ts";
import { fateOf, type Ledger } from "../../core/workers/ledger.ts";
import { requestIdOf } from "../../core/http/request-facts.ts";
import type { LogFields } from "../log.ts";
import { methodAndPathOf } from "./pool-status.ts";
import { describeExit, type WorkerRecord } from "./worker-record.ts";

/** What a worker thread was running when it died, if anything: without the ledger's word, the oldest that it held. */
export function victimOf(
  channel: Channel<Exchange>,
  ledger: Ledger | undefined,
): Exchange | undefined {
  if (ledger === undefined) return channel.running;
  channel.noteStarted(ledger.started, performance.now());
  const { running } = channel;
  return running !== undefined && fateOf(running.number, ledger) === "started"
    ? running
    : undefined;
}

/** Without the query, which may hold secrets: the id leads to the line of the access log, which has it, unless it must not. */
function methodAndPath(request: WholeRequest): string {
  const { method, path } = methodAndPathOf(request.requestLine);
  return `${method} ${path}`;
}

/** `GET /x [k3v9...]`: the id stands in the access log, in the answer and in the environ. */
function named(request: WholeRequest): string {
  const id = requestIdOf(request);
  return id === "" ? methodAndPath(request) : `${methodAndPath(request)} [${id}]`;
}

export function deathText(exchange: Exchange, record: WorkerRecord): string {
  const { request, startedAt } = exchange;
  const ranMs = startedAt === NOT_STARTED ? 0 : Math.round(performance.now() - startedAt);
  const memory = record.isOutOfMemory ? " (out of memory: it is not repeated)" : "";
  return `worker ${record.worker} (pid ${record.pid}) ended by ${describeExit(record.exit)}${memory} while it ran ${named(request)} (${ranMs} ms)`;
}

/** For programs that read the log as JSON lines. */
export function incidentFields(
  { request }: Exchange,
  worker: number,
  pid: number | undefined,
): LogFields {
  const fields = { worker, worker_pid: pid ?? null, request: methodAndPath(request) };
  return { ...fields, request_id: requestIdOf(request) || null };
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
    `${named(exchange.request)} was ended by --${option}: waited ${waitedMs} ms, ran ${Math.round(ranMs)} ms, ` +
    `silent for ${Math.round(silentMs)} ms in worker ${worker} (pid ${pid})\n${text}`
  );
}
