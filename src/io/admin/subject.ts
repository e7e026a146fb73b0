// What the admin side may see and do: the server, as it shows itself to its operator.

import type { Config } from "../../config/options.ts";
import type { Figures } from "../../core/metrics/figures.ts";
import type { Family } from "../../core/metrics/exposition.ts";
import type { History } from "../../core/metrics/history.ts";
import type { Health } from "../health-path.ts";
import type { LogLevel } from "../../core/log/log-level.ts";
import type { Phase } from "../lifecycle.ts";
import type { SocketKind } from "../sockets/byte-socket.ts";
import type { ConnectionsStatus } from "../net/connections-status.ts";
import type { PoolStatus } from "../workers/pool-status.ts";
import type { ReloadOutcome } from "../workers/reload-watch.ts";
import type { WorkerStacks } from "../workers/stacks-log.ts";

export interface AdminSubject {
  readonly config: Config;
  readonly version: string;
  /** `module:callable`. */
  readonly application: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly figures: Figures;
  readonly history: History;
  state(): Phase;
  /** Where it listens, for people. */
  listeners(): readonly string[];
  pool(): PoolStatus;
  connections(): ConnectionsStatus;
  readonly sockets: SocketKind;
  /** With --reload: the last save does not import, and requests are told so. */
  isBroken?: () => boolean;
  readonly verbs: Verbs;
  /** Undefined without a bridge to them. */
  applicationFamilies?: () => Promise<Family[]>;
}

/** What may be asked of the server: the same as by signals, with an answer. */
export interface Verbs {
  /** Resolves when the new code serves, or will not. */
  reload(): Promise<ReloadOutcome>;
  /** Keeps so many workers at least; returns how many those are now: from 1 to --workers' maximum. */
  scale(workers: number): number;
  /** Of every worker, or of one. */
  stacks(worker: number | undefined): Promise<readonly WorkerStacks[]>;
  setLogLevel(level: LogLevel): void;
  /** As SIGTERM. */
  stop(): void;
}

type Serving = Pick<AdminSubject, "state" | "pool" | "isBroken">;

/** Why no request should be sent here at this moment; undefined when all is well. */
export function unreadiness(subject: Serving): string | undefined {
  const state = subject.state();
  if (state === "draining") return "draining: the server is about to end";
  if (subject.isBroken?.() === true) return "broken: the application does not import";
  if (state === "starting") return "starting: no worker is ready yet";
  return subject.pool().threads === 0 ? "no worker is ready" : undefined;
}

/** The same, for --health-path. */
export function healthOf(subject: Serving): Health {
  if (subject.state() === "draining") return "draining";
  return unreadiness(subject) === undefined ? "ready" : "notReady";
}
