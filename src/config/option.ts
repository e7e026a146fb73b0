// What an option is: its kind, its default, what it says of itself. Knows none of them: they stand in options.ts.

import type { BindAddress } from "./bind-address.ts";
import type { Kind } from "./kinds.ts";

/** What a computed default may look at. */
export interface Known {
  /** Processors that this process may use (affinity and cgroup quota counted). */
  readonly cores: number;
  /** Bytes that this process and its children may use together (cgroup limit counted). */
  readonly memoryBytes: number;
  /** The maximum of --workers; 0 while --workers itself is computed. */
  readonly maxWorkers: number;
  /** The interpreter that the application most likely wants; throws StartupError where there is none. */
  readonly findPython: () => string;
  /** Listening sockets that the service manager has passed to this process (listen-descriptors.ts). */
  readonly passedSockets: readonly BindAddress[];
}

export type Group = "server" | "network" | "logs" | "workers" | "times" | "limits" | "development";

interface Declared<T> {
  readonly kind: Kind<T>;
  readonly group: Group;
  /** One letter, without the dash. */
  readonly short?: string;
  readonly help: string;
  /** What a reload (SIGHUP) does with a new value: it counts for everything, for new connections, or for the new workers. Without it, it waits for a restart. */
  readonly reload?: "now" | "connections" | "workers";
  /** Where it may stand; everywhere, if not given. */
  readonly sources?: readonly Source[];
}

export type Source = "flag" | "environment" | "file";

/** With `compute` the value depends on the machine or on other options; the word `auto` asks for it. */
export type Option<T> = Declared<T> &
  ({ readonly default: T } | { readonly compute: (known: Known) => T; readonly computed: string });

export const option = <T>(declared: Option<T>): Option<T> => declared;
