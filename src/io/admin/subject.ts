// What the admin side may see and do: the server, as it shows itself to its operator. Types only.

import type { Config } from "../../config/options.ts";
import type { Figures } from "../../core/metrics/figures.ts";
import type { History } from "../../core/metrics/history.ts";
import type { Phase } from "../lifecycle.ts";
import type { ConnectionsStatus } from "../net/connections-status.ts";
import type { PoolStatus } from "../workers/pool-status.ts";

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
}

/** Why no request should be sent here at this moment; undefined when all is well. */
export function unreadiness(subject: Pick<AdminSubject, "state" | "pool">): string | undefined {
  const state = subject.state();
  if (state === "draining") return "draining: the server is about to end";
  if (state === "starting") return "starting: no worker is ready yet";
  return subject.pool().threads === 0 ? "no worker is ready" : undefined;
}
