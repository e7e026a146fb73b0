// Rounds -> medians, and medians -> the table that is printed. Pure.

import { REFERENCE } from "./servers.ts";

/** What one round of one server under one workload gave. */
export interface Round {
  readonly workload: string;
  readonly server: string;
  readonly requestsPerSecond: number;
  readonly cpuUsPerRequest: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly errors: number;
}

/** The medians of a server's rounds; `errors` are all of them. */
export interface Summary extends Round {
  readonly rounds: number;
  /** Largest less smallest CPU time per request, as a share of the median. */
  readonly cpuSpread: number;
}

export function summarize(rounds: readonly Round[]): Summary[] {
  const groups = Map.groupBy(rounds, ({ workload, server }) => JSON.stringify([workload, server]));
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const values = (key: Exclude<keyof Round, "workload" | "server">): number[] =>
      group.map((round) => round[key]);
    const cpu = values("cpuUsPerRequest");
    return {
      workload: first.workload,
      server: first.server,
      requestsPerSecond: median(values("requestsPerSecond")),
      cpuUsPerRequest: median(cpu),
      p50Ms: median(values("p50Ms")),
      p99Ms: median(values("p99Ms")),
      errors: values("errors").reduce((sum, count) => sum + count, 0),
      rounds: group.length,
      cpuSpread: (Math.max(...cpu) - Math.min(...cpu)) / median(cpu),
    };
  });
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** One workload as text. Each ratio is to the better value among the reference's settings. */
export function tableOf(workload: string, summaries: readonly Summary[]): string {
  const rows = summaries.filter((summary) => summary.workload === workload);
  // A scheduling policy is no setting of the server.
  const reference = rows.filter(
    ({ server }) => server.startsWith(REFERENCE) && !server.endsWith(", batch"),
  );
  const bestRate = Math.max(...reference.map((row) => row.requestsPerSecond));
  const bestCpu = Math.min(...reference.map((row) => row.cpuUsPerRequest));
  const header = [
    workload,
    "req/s",
    "ratio",
    "CPU us/req",
    "ratio",
    "spread",
    "p50 ms",
    "p99 ms",
    "errors",
  ];
  const lines = rows.map((row) => [
    row.server,
    row.requestsPerSecond.toFixed(0),
    ratio(row.requestsPerSecond, bestRate),
    row.cpuUsPerRequest.toFixed(1),
    ratio(row.cpuUsPerRequest, bestCpu),
    `${(row.cpuSpread * 100).toFixed(0)} %`,
    row.p50Ms.toFixed(2),
    row.p99Ms.toFixed(2),
    String(row.errors),
  ]);
  return aligned([header, ...lines]);
}

/** Empty where there is nothing to compare with. */
function ratio(value: number, best: number): string {
  return Number.isFinite(best) ? (value / best).toFixed(2) : "";
}

function aligned(lines: readonly string[][]): string {
  const widths = (lines[0] ?? []).map((_, column) =>
    Math.max(...lines.map((line) => (line[column] ?? "").length)),
  );
  const cell = (text: string, column: number): string => {
    const width = widths[column] ?? 0;
    return column === 0 ? text.padEnd(width) : text.padStart(width);
  };
  return lines.map((line) => line.map(cell).join("  ")).join("\n");
}
