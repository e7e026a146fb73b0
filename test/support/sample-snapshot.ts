// Snapshots for the tests of the page: a quiet server, but for what a test says.

import type { HistogramDocument, Snapshot, WorkerDocument } from "../../src/io/admin/documents.ts";

export interface Different {
  readonly byStatus?: Readonly<Record<string, number>>;
  readonly startedAt?: string;
  readonly applicationTime?: readonly number[];
  readonly workers?: readonly WorkerDocument[];
}

export function histogram(counts: readonly number[]): HistogramDocument {
  return { boundsMs: [1, 10, 100], counts, sumMs: 0 };
}

/** `at` in milliseconds. */
export function snapshot(at: number, different: Different = {}): Snapshot {
  const { byStatus = {}, startedAt = "once", workers = [] } = different;
  const total = Object.values(byStatus).reduce((sum, count) => sum + count, 0);
  const nothing = histogram([0, 0, 0, 0]);
  return {
    at,
    status: {
      version: "0",
      pid: 1,
      python: "3",
      application: "app",
      state: "serving",
      ready: true,
      reason: null,
      startedAt,
      uptimeSeconds: at / 1000,
      listeners: [],
      options: {},
      queue: { waiting: 0, max: 100, oldestAgeSeconds: 0, threads: 1, busyThreads: 0, inHand: 0 },
      connections: {
        open: 0,
        max: 100,
        byState: { idle: 0, reading: 0, waiting: 0, running: 0, sending: 0, closing: 0 },
        bytesIn: 0,
        bytesOut: 0,
      },
      sockets: "node",
      requests: { total, byStatus },
      workersWanted: workers.length,
      workersLeast: 1,
      workersMax: 8,
      workers,
      generations: [],
      deaths: [],
      reloads: [],
    },
    totalTime: nothing,
    queueTime: nothing,
    applicationTime: histogram(different.applicationTime ?? [0, 0, 0, 0]),
  };
}

/** Worker 1, which runs GET /slow for so many seconds; null: nothing. */
export function workerWith(runningSeconds: number | null, path = "/slow"): WorkerDocument {
  const running =
    runningSeconds === null ? null : { method: "GET", path, runningSeconds, waitedSeconds: 0 };
  return {
    worker: 1,
    generation: 1,
    pid: 10,
    state: "ready",
    ageSeconds: 1,
    served: 0,
    memoryBytes: null,
    proportionalMemoryBytes: null,
    cpuSeconds: null,
    threads: [{ thread: 0, inHand: 1, isPaused: false, running }],
  };
}
