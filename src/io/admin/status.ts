// The status document: what the server is doing at this moment, as JSON. No secret and no query string is in it.

import type { Option } from "../../config/option.ts";
import { flagOf, OPTION_NAMES, OPTIONS } from "../../config/options.ts";
import type { PoolStatus, WorkerStatus } from "../workers/pool-status.ts";
import type { StatusDocument, WorkerDocument } from "./documents.ts";
import type { ProcessFigures } from "../process-figures.ts";
import { unreadiness, type AdminSubject } from "./subject.ts";

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
    sockets: subject.sockets,
    requests: {
      total: statuses.reduce((sum, [, count]) => sum + count, 0),
      byStatus: Object.fromEntries(statuses),
    },
    workersWanted: pool.target,
    workersLeast: pool.least,
    workersMax: subject.config.workers.max,
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
