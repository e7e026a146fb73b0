// What front and zygote say on the control socket (docs/protocol.md section 2), as types, and the way from a line to a message.

import type { MemoryPlace } from "./shared-memory.ts";

/** Front to zygote. */
export type ControlRequest =
  | (LoadRequest & LateVariables)
  | { readonly type: "fork"; readonly worker: number; readonly tokens: readonly string[] }
  | {
      readonly type: "withdraw";
      readonly worker: number;
      readonly thread: number;
      readonly upTo: number;
    }
  | { readonly type: "signal"; readonly worker: number; readonly signal: "TERM" | "ABRT" | "KILL" }
  | { readonly type: "stacks"; readonly worker: number }
  | { readonly type: "schedule"; readonly policy: "batch" | "other" }
  | { readonly type: "notify"; readonly address: string; readonly state: string }
  | { readonly type: "stop" };

export interface LoadRequest {
  readonly type: "load";
  readonly protocol: number;
  readonly version: string;
  readonly directory: string;
  readonly module: string;
  readonly callable: string | null;
  /** Absolute; behind `directory` on `sys.path`. */
  readonly pythonPath: readonly string[];
  readonly preload: "auto" | "on" | "off";
  readonly threads: number;
  readonly channelPath: string;
  /** Where standard output and error go; null: where those of the front go. */
  readonly outputPath: string | null;
  /** Where reports alone go; null: with the streams. */
  readonly reportsPath: string | null;
  readonly privateDirectory: string;
  readonly maxWorkers: number;
  readonly softFileLimit: number | null;
  readonly gracefulTimeoutMs: number;
  readonly multiprocess: boolean;
  /** Tell which files were imported (`modules`). */
  readonly watch: boolean;
  /** Show clients the traceback of an exception. */
  readonly debug: boolean;
}

/** The interpreter may be started before the front is through with its own environment. */
export interface LateVariables {
  readonly environment: Readonly<Record<string, string>>;
}

/** Per worker thread: `[started, withdrawnTo, exempt]`. */
export type LedgerWords = readonly [number, number, number];

/** Zygote to front. */
export type ControlReport =
  | {
      readonly type: "loaded";
      readonly pid: number;
      readonly python: string;
      readonly preload: boolean;
      readonly notes: readonly string[];
      readonly memory: MemoryPlace;
    }
  | { readonly type: "failed"; readonly error: string; readonly hint: string }
  | {
      readonly type: "forked";
      readonly worker: number;
      readonly pid: number;
      readonly slot: number;
    }
  | {
      readonly type: "exited";
      readonly worker: number;
      readonly pid: number;
      readonly status: number | null;
      readonly signal: string | null;
      readonly userMs: number;
      readonly systemMs: number;
      readonly maxRssKiB: number;
      readonly ledger: readonly LedgerWords[];
    }
  | {
      readonly type: "withdrawn";
      readonly worker: number;
      readonly thread: number;
      readonly started: number;
      readonly above: number;
      readonly upTo: number;
    }
  | {
      readonly type: "answers";
      readonly worker: number;
      readonly thread: number;
      readonly base: number;
      /** Base64. */
      readonly bytes: string;
    }
  | { readonly type: "stacks"; readonly worker: number; readonly text: string }
  | ModulesReport
  | {
      readonly type: "note";
      readonly level: "info" | "warning" | "error";
      readonly text: string;
    };

/** With `watch`: what was imported since the last one, and the traceback of an import that failed, or "". */
export interface ModulesReport {
  readonly type: "modules";
  /** Absolute; without the standard library. */
  readonly files: readonly string[];
  readonly traceback: string;
}

const REPORT_TYPES = new Set([
  "loaded",
  "failed",
  "forked",
  "exited",
  "withdrawn",
  "answers",
  "stacks",
  "modules",
  "note",
]);

/**
 * One line of the control socket. The zygote is our own code at the other end of a socket pair that nobody else holds, so only
 * what tells a mix-up of versions is checked. Throws on anything else than a report.
 */
export function parseReport(line: string): ControlReport {
  const message: unknown = JSON.parse(line);
  if (typeof message !== "object" || message === null || !("type" in message)) {
    throw new Error(`control message without a type: ${line}`);
  }
  if (typeof message.type !== "string" || !REPORT_TYPES.has(message.type)) {
    throw new Error(`unknown control message: ${line}`);
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see above: both ends are one program, the type was looked at
  return message as ControlReport;
}
