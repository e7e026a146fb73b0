// The JSON that the admin side gives: the status document and the snapshots of /events (docs/control.md has every field). Names are stable.
// Types alone, and nothing of Node's: the live page reads them too.

import type { Death, Reload } from "../../core/metrics/history.ts";
import type { Phase } from "../lifecycle.ts";
import type { SocketKind } from "../sockets/byte-socket.ts";
import type { ConnectionPhase } from "../net/connections-status.ts";

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
  readonly sockets: SocketKind;
  readonly requests: RequestsDocument;
  readonly workersWanted: number;
  /** Kept at least, and never exceeded. */
  readonly workersLeast: number;
  readonly workersMax: number;
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

/** Since the start: two of them make a rate and its latency bands. */
export interface HistogramDocument {
  readonly boundsMs: readonly number[];
  /** One more than bounds: of each bucket alone. */
  readonly counts: readonly number[];
  readonly sumMs: number;
}

export interface Snapshot {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly status: StatusDocument;
  readonly totalTime: HistogramDocument;
  readonly queueTime: HistogramDocument;
  readonly applicationTime: HistogramDocument;
}
