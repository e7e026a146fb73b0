// What the registry asks of the io side, and what it is told to start with. Values only.

import type { UpcomingNumbers } from "./numbers.ts";

export type SignalName = "ABRT" | "KILL" | "CONT";

export type RegistryCommand =
  /** Start a zygote; answered by zygoteLoaded(), zygoteFailed() or zygoteLost(). */
  | { readonly kind: "startZygote"; readonly generation: number }
  /** Tell it to stop, or kill it with what is left of its workers. Answered by zygoteLost(). */
  | { readonly kind: "stopZygote"; readonly generation: number; readonly isForced: boolean }
  | { readonly kind: "fork"; readonly generation: number; readonly worker: number }
  /** The HELLO is good: the channel may be given requests. */
  | {
      readonly kind: "admit";
      readonly generation: number;
      readonly worker: number;
      readonly thread: number;
    }
  /** Nobody expects this worker any more. No `admit` follows, at which its channel is closed. */
  | { readonly kind: "refuse"; readonly worker: number; readonly thread: number }
  /** Give its channels nothing new; end each of them (FIN) once it holds nothing or shall run out. */
  | { readonly kind: "retire"; readonly worker: number }
  /** Through the zygote of its generation; to the process itself when it is an orphan. */
  | {
      readonly kind: "signal";
      readonly worker: number;
      readonly generation: number;
      readonly signal: SignalName;
      readonly pid: number | undefined;
      readonly isOrphan: boolean;
    }
  | {
      readonly kind: "note";
      readonly level: "info" | "warning" | "error";
      readonly text: string;
      /** The one whose end this tells: what it was running says the same and more. */
      readonly worker?: number;
    }
  /** The application never came up: kill what is left and end with status 3. No command follows. */
  | { readonly kind: "fatal"; readonly why: string; readonly isOverdue: boolean }
  /** After finish(): no worker and no zygote is left. No command follows. */
  | { readonly kind: "drained" };

export interface RegistryOptions {
  /** Workers to keep running at first. */
  readonly minWorkers: number;
  /** Bound of scale(), and of the workers of all generations together; a full pool may exceed it by `maxReplacing`, but for a reload where the minimum is smaller. */
  readonly maxWorkers: number;
  /** Workers that are over a limit are replaced so many at a time. */
  readonly maxReplacing: number;
  /** The configuration was read again, and those above have yet to change. */
  readonly upcoming?: UpcomingNumbers | undefined;
  /** Threads per worker: so many HELLOs make a worker ready. */
  readonly threads: number;
  /** A zygote that has not loaded, a worker that has not said HELLO for so long is killed. 0 for no limit. */
  readonly startTimeoutMs: number;
  /** What retiring workers may take, and all of a graceful end. */
  readonly gracefulTimeoutMs: number;
  /** Where the application does not come up, wait for a reload instead of ending. */
  readonly survivesFailedStart?: boolean;
  /** Whether this worker holds requests; without it nobody does. */
  readonly isBusy?: (worker: number) => boolean;
  /** Uniform in [0, 1): spreads the restarts of many servers. */
  readonly random: () => number;
}
