// The load: runs wrk (https://github.com/wg/wrk) and reads its report. Knows no servers.

import { execFile, spawnSync } from "node:child_process";
import { promisify } from "node:util";

/** One thread is enough to keep two workers busy and leaves them a processor. */
const THREADS = 1;

export interface Load {
  readonly requests: number;
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Answers of 400 and above, broken connections, and time-outs. */
  readonly errors: number;
}

/** The line of `wrk --version` that names it; undefined when it is not installed. */
export function wrkVersion(): string | undefined {
  const { error, stdout } = spawnSync("wrk", ["--version"], { encoding: "utf8" });
  return error === undefined ? (stdout.split(" Copyright")[0] ?? "").trim() : undefined;
}

export interface WrkSettings {
  readonly connections: number;
  readonly seconds: number;
  /** Further arguments. */
  readonly more?: readonly string[];
  readonly cwd?: string;
}

/** Loads `url`; `signal` ends it before its time. */
export async function runWrk(
  url: string,
  settings: WrkSettings,
  signal: AbortSignal,
): Promise<Load> {
  const { connections, seconds, more = [], cwd } = settings;
  const args = [`-t${THREADS}`, `-c${connections}`, `-d${seconds}s`, "--latency", ...more, url];
  const timeout = (seconds + 30) * 1000;
  const { stdout } = await promisify(execFile)("wrk", args, { timeout, signal, cwd });
  return readReport(stdout);
}

/** Throws when the report lacks a figure: a wrk that writes another one must not pass as zero. */
export function readReport(report: string): Load {
  const optional = (pattern: RegExp): number => Number(pattern.exec(report)?.[1] ?? 0);
  const socketErrors = /Socket errors: (.*)/.exec(report)?.[1] ?? "";
  const counts = [...socketErrors.matchAll(/\d+/g)].map(([count]) => Number(count));
  return {
    requests: Number(figure(report, /(\d+) requests in /)),
    requestsPerSecond: Number(figure(report, /Requests\/sec:\s+([\d.]+)/)),
    p50Ms: milliseconds(figure(report, /^\s+50%\s+(\S+)/m)),
    p99Ms: milliseconds(figure(report, /^\s+99%\s+(\S+)/m)),
    errors: optional(/Non-2xx or 3xx responses: (\d+)/) + counts.reduce((sum, n) => sum + n, 0),
  };
}

function figure(report: string, pattern: RegExp): string {
  const found = pattern.exec(report)?.[1];
  if (found === undefined) throw new Error(`wrk's report has no ${pattern.source}:\n${report}`);
  return found;
}

const MS_PER_UNIT: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, m: 60_000 };

/** `1.23ms`, `456.00us`, `1.02s` */
function milliseconds(text: string): number {
  const [, number = "", unit = ""] = /^([\d.]+)(\D+)$/.exec(text) ?? [];
  const value = Number(number) * (MS_PER_UNIT[unit] ?? Number.NaN);
  if (Number.isNaN(value)) throw new Error(`no duration of wrk: ${text}`);
  return value;
}
