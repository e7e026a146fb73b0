// What the workers' side looks like at this moment, for people and programs: read from the dispatcher and the workforce when asked for, and
// costs nothing until then. Decides nothing.

import type { Channel } from "../../core/dispatch/channel.ts";
import type { Dispatcher } from "../../core/dispatch/dispatcher.ts";
import { NOT_STARTED } from "../../core/dispatch/request.ts";
import type { Exchange } from "../../core/http/exchange.ts";
import type { Workforce } from "./workforce.ts";

export interface RunningRequest {
  readonly method: string;
  /** Without the query, which may hold what is nobody's business. */
  readonly path: string;
  /** How long it has run, and how long it waited before, in milliseconds. */
  readonly runningMs: number;
  readonly waitedMs: number;
}

export interface ThreadStatus {
  readonly thread: number;
  /** Undefined when it is idle. */
  readonly running: RunningRequest | undefined;
  /** Requests that it was given, the running one included. */
  readonly inHand: number;
  /** A client that reads slowly holds it back. */
  readonly isPaused: boolean;
}

export interface WorkerStatus {
  readonly worker: number;
  readonly generation: number;
  readonly pid: number | undefined;
  readonly state: string;
  readonly ageMs: number;
  readonly served: number;
  /** Those that can be given requests, or still run something. */
  readonly threads: readonly ThreadStatus[];
}

export interface GenerationStatus {
  readonly generation: number;
  /** Of its zygote: loading, loaded, stopping, gone. */
  readonly state: string;
  readonly isServing: boolean;
  readonly ageMs: number;
}

export interface PoolStatus {
  readonly python: string;
  /** How many workers are to serve, and how many at least. */
  readonly target: number;
  readonly least: number;
  readonly workers: readonly WorkerStatus[];
  readonly generations: readonly GenerationStatus[];
  /** Worker threads that can be given requests, and those of them that run one. */
  readonly threads: number;
  readonly busyThreads: number;
  readonly waiting: number;
  readonly oldestAgeMs: number;
  readonly inHand: number;
}

/** Everything but `python`, at this moment. `overflow`: the requests for which the queue has no room yet. */
export function poolStatus(
  dispatcher: Dispatcher<Exchange>,
  overflow: { readonly size: number },
  workforce: Workforce,
): Omit<PoolStatus, "python"> {
  const now = performance.now();
  const serving = dispatcher.channels.filter((channel) => !channel.isRetiring);
  return {
    target: workforce.registry.target,
    least: workforce.registry.least,
    workers: workersOf(dispatcher, workforce, now),
    generations: workforce.registry.generations.map(({ id, zygote, readyAt, bornAt }) => ({
      generation: id,
      state: zygote,
      isServing: readyAt !== undefined,
      ageMs: now - bornAt,
    })),
    threads: serving.length,
    busyThreads: serving.filter(({ inHand }) => inHand > 0).length,
    waiting: dispatcher.waiting + overflow.size,
    oldestAgeMs: dispatcher.oldestAgeMs(now),
    inHand: dispatcher.inHand,
  };
}

function workersOf(
  dispatcher: Dispatcher<Exchange>,
  { registry, records }: Workforce,
  now: number,
): WorkerStatus[] {
  return [...registry.workers.values()].map((worker) => {
    const channels = dispatcher.channels.filter((channel) => channel.worker === worker.id);
    return {
      worker: worker.id,
      generation: worker.generation.id,
      pid: worker.pid,
      state: worker.isRecycled && worker.state === "ready" ? "recycled" : worker.state,
      ageMs: now - worker.bornAt,
      served: records.get(worker.id)?.service?.served ?? 0,
      threads: channels.map((channel) => threadOf(channel, now)),
    };
  });
}

function threadOf(channel: Channel<Exchange>, now: number): ThreadStatus {
  const { running } = channel;
  return {
    thread: channel.thread,
    running: running === undefined ? undefined : runningOf(running, now),
    inHand: channel.inHand,
    isPaused: channel.isPaused,
  };
}

function runningOf({ request, startedAt, queuedAt }: Exchange, now: number): RunningRequest {
  const began = startedAt === NOT_STARTED ? now : startedAt;
  return {
    ...methodAndPathOf(request.requestLine),
    runningMs: now - began,
    waitedMs: Math.max(0, began - queuedAt),
  };
}

/** Method and path of `GET /path?query`. */
export function methodAndPathOf(requestLine: string): { method: string; path: string } {
  const space = requestLine.indexOf(" ");
  const target = requestLine.slice(space + 1);
  const query = target.indexOf("?");
  return {
    method: requestLine.slice(0, Math.max(0, space)),
    path: query === -1 ? target : target.slice(0, query),
  };
}
