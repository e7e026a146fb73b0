// The status document: what the server is doing at this moment, as JSON (docs/control.md has every field). Names are stable; no secret and no
// query string is in it.

import type { Option } from "../../config/option.ts";
import { flagOf, OPTION_NAMES, OPTIONS } from "../../config/options.ts";
import type { Death, Reload } from "../../core/metrics/history.ts";
import type { Phase } from "../lifecycle.ts";
import type { ConnectionPhase } from "../net/connections-status.ts";
import type { PoolStatus, WorkerStatus } from "../workers/pool-status.ts";
import type { ProcessFigures } from "./process-figures.ts";
import { unreadiness, type AdminSubject } from "./subject.ts";

export interface StatusDocument {
  readonly version: string;
  readonly pid: number;
  readonly python: string;
  readonly application: string;
  readonly state: Phase;
  readonly ready: boolean;
  /** Why it is not ready. */
  readonly reason: string | null;
  readonly startedAt: string;
  readonly uptimeSeconds: number;
  readonly listeners: readonly string[];
  /** By flag. */
  readonly options: Readonly<Record<string, string>>;
  readonly queue: QueueDocument;
  readonly connections: ConnectionsDocument;
  readonly requests: RequestsDocument;
  readonly workersWanted: number;
  readonly workers: readonly WorkerDocument[];
  readonly generations: readonly GenerationDocument[];
  readonly deaths: readonly (Omit<Death, "at"> & { readonly at: string })[];
  readonly reloads: readonly (Omit<Reload, "at"> & { readonly at: string })[];
}

export interface QueueDocument {
  readonly waiting: number;
  readonly max: number;
  readonly oldestAgeSeconds: number;
  /** Worker threads that can be given requests, and those of them that run one. */
  readonly threads: number;
  readonly busyThreads: number;
  readonly inHand: number;
}

export interface ConnectionsDocument {
  readonly open: number;
  readonly max: number;
  readonly byState: Readonly<Record<ConnectionPhase, number>>;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

export interface RequestsDocument {
  readonly total: number;
  /** By status. */
  readonly byStatus: Readonly<Record<string, number>>;
}

export interface WorkerDocument {
  readonly worker: number;
  readonly generation: number;
  readonly pid: number | null;
  readonly state: string;
  readonly ageSeconds: number;
  readonly served: number;
  readonly memoryBytes: number | null;
  readonly proportionalMemoryBytes: number | null;
  readonly cpuSeconds: number | null;
  readonly threads: readonly {
    readonly thread: number;
    readonly inHand: number;
    readonly isPaused: boolean;
    readonly running: {
      readonly method: string;
      readonly path: string;
      readonly runningSeconds: number;
      readonly waitedSeconds: number;
    } | null;
  }[];
}

export interface GenerationDocument {
  readonly generation: number;
  readonly state: string;
  readonly isServing: boolean;
  readonly ageSeconds: number;
}

/** `processes` by pid. */
export function statusDocument(
  subject: AdminSubject,
  pool: PoolStatus,
  processes: ReadonlyMap<number, ProcessFigures>,
): StatusDocument {
  const reason = unreadiness(subject);
  const { byPhase, ...connections } = subject.connections();
  const statuses = subject.figures.statuses();
  return {
    version: subject.version,
    pid: process.pid,
    python: pool.python,
    application: subject.application,
    state: subject.state(),
    ready: reason === undefined,
    reason: reason ?? null,
    startedAt: new Date(subject.startedAt).toISOString(),
    uptimeSeconds: seconds(Date.now() - subject.startedAt),
    listeners: subject.listeners(),
    options: optionTexts(subject),
    queue: {
      waiting: pool.waiting,
      max: subject.config.queueLength,
      oldestAgeSeconds: seconds(pool.oldestAgeMs),
      threads: pool.threads,
      busyThreads: pool.busyThreads,
      inHand: pool.inHand,
    },
    connections: { ...connections, byState: byPhase },
    requests: {
      total: statuses.reduce((sum, [, count]) => sum + count, 0),
      byStatus: Object.fromEntries(statuses),
    },
    workersWanted: pool.target,
    workers: pool.workers.map((worker) => workerDocument(worker, processes)),
    generations: pool.generations.map(({ ageMs, ...generation }) => ({
      ...generation,
      ageSeconds: seconds(ageMs),
    })),
    deaths: subject.history.deaths.map(withTime),
    reloads: subject.history.reloads.map(withTime),
  };
}

function workerDocument(
  { ageMs, threads, pid, ...worker }: WorkerStatus,
  processes: ReadonlyMap<number, ProcessFigures>,
): WorkerDocument {
  const figures = processes.get(pid ?? 0);
  return {
    ...worker,
    pid: pid ?? null,
    ageSeconds: seconds(ageMs),
    memoryBytes: figures?.rssBytes ?? null,
    proportionalMemoryBytes: figures?.pssBytes ?? null,
    cpuSeconds: figures?.cpuSeconds ?? null,
    threads: threads.map(({ running, ...thread }) => ({
      ...thread,
      running:
        running === undefined
          ? null
          : {
              method: running.method,
              path: running.path,
              runningSeconds: seconds(running.runningMs),
              waitedSeconds: seconds(running.waitedMs),
            },
    })),
  };
}

/** As --help writes them; a kind that holds a secret describes it without. */
function optionTexts({ config }: AdminSubject): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const name of OPTION_NAMES) {
    const option: Option<unknown> = OPTIONS[name];
    texts[flagOf(name)] = option.kind.describe(config[name]);
  }
  return texts;
}

function withTime<T extends { readonly at: number }>(entry: T): Omit<T, "at"> & { at: string } {
  return { ...entry, at: new Date(entry.at).toISOString() };
}

/** To the millisecond. */
function seconds(ms: number): number {
  return Math.round(ms) / 1000;
}
