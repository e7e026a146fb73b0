// Rounds -> medians, and medians -> the table that is printed. Pure.

import { isUnderBatch, REFERENCE } from "./servers.ts";

/** How each figure is shown, and which of two is the better one. */
export const FIGURES = {
  requestsPerSecond: { title: "req/s", digits: 0, better: "more" },
  keptPercent: { title: "kept %", digits: 0, better: "more" },
  mibPerSecond: { title: "MiB/s", digits: 0, better: "more" },
  cpuUsPerRequest: { title: "CPU us/req", digits: 1, better: "less" },
  p50Ms: { title: "p50 ms", digits: 2, better: "less" },
  p99Ms: { title: "p99 ms", digits: 2, better: "less" },
  seconds: { title: "seconds", digits: 2, better: "less" },
  startMs: { title: "start ms", digits: 0, better: "less" },
  pssMib: { title: "PSS MiB", digits: 0, better: "less" },
  rssMib: { title: "RSS MiB", digits: 0, better: "less" },
  grownMib: { title: "grown MiB", digits: 1, better: "less" },
  errors: { title: "errors", digits: 0, better: "less" },
} as const;

export type Figure = keyof typeof FIGURES;
/** Those that a workload has. */
export type Figures = Readonly<Partial<Record<Figure, number>>>;

const ALL: readonly Figure[] = [
  "requestsPerSecond",
  "keptPercent",
  "mibPerSecond",
  "cpuUsPerRequest",
  "p50Ms",
  "p99Ms",
  "seconds",
  "startMs",
  "pssMib",
  "rssMib",
  "grownMib",
  "errors",
];
/** With a ratio to the reference beside them. */
const COMPARED: readonly Figure[] = ["requestsPerSecond", "cpuUsPerRequest"];

/** What one round of one server under one workload gave. */
export interface Round {
  readonly workload: string;
  readonly server: string;
  readonly figures: Figures;
}

/** The medians of a server's rounds. */
export interface Summary extends Round {
  readonly rounds: number;
  /** Largest less smallest of what counts most, as a share of its median; none where that is 0. */
  readonly spread?: number;
}

export function summarize(rounds: readonly Round[]): Summary[] {
  const groups = Map.groupBy(rounds, ({ workload, server }) => JSON.stringify([workload, server]));
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const figures: Partial<Record<Figure, number>> = {};
    for (const figure of ALL) {
      const values = valuesOf(group, figure);
      if (values.length > 0) figures[figure] = median(values);
    }
    const main = valuesOf(group, mainFigure(figures));
    const spread = shareOf(Math.max(...main) - Math.min(...main), median(main));
    const { workload, server } = first;
    const summary = { workload, server, figures, rounds: group.length };
    return spread === undefined ? summary : { ...summary, spread };
  });
}

/** Undefined where there is nothing, or nothing known, to be a share of. */
function shareOf(part: number, whole: number): number | undefined {
  return whole > 0 && Number.isFinite(whole) ? part / whole : undefined;
}

function valuesOf(rounds: readonly Round[], figure: Figure): number[] {
  return rounds.flatMap(({ figures }) => figures[figure] ?? []);
}

/** What a chart shows, and what the spread is of. */
export function mainFigure(figures: Figures): Figure {
  const order: readonly Figure[] = [
    "mibPerSecond",
    "cpuUsPerRequest",
    "requestsPerSecond",
    "seconds",
    "startMs",
    "pssMib",
  ];
  return order.find((figure) => figures[figure] !== undefined) ?? "errors";
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** The figure of the better setting of the reference. */
export function referenceOf(rows: readonly Summary[], figure: Figure): number {
  const values = rows
    .filter(({ server }) => server.startsWith(REFERENCE) && !isUnderBatch(server))
    .flatMap(({ figures }) => figures[figure] ?? []);
  return FIGURES[figure].better === "more" ? Math.max(...values) : Math.min(...values);
}

/** One workload as rows of text, the first of them the heads. Each ratio is to the better of the reference's settings. */
export function rowsOf(workload: string, summaries: readonly Summary[]): string[][] {
  const rows = summaries.filter((summary) => summary.workload === workload);
  const columns = ALL.filter((figure) => rows.some(({ figures }) => figures[figure] !== undefined));
  const head = columns.flatMap((figure) =>
    COMPARED.includes(figure) ? [FIGURES[figure].title, "ratio"] : [FIGURES[figure].title],
  );
  const lines = rows.map((row) => [
    row.server,
    ...columns.flatMap((figure) => {
      const value = row.figures[figure];
      const text = value?.toFixed(FIGURES[figure].digits) ?? "-";
      return COMPARED.includes(figure) ? [text, ratio(value, referenceOf(rows, figure))] : [text];
    }),
    row.spread === undefined ? "-" : `${(row.spread * 100).toFixed(0)} %`,
  ]);
  return [[workload, ...head, "spread"], ...lines];
}

/** Empty where there is nothing to compare with. */
function ratio(value: number | undefined, best: number): string {
  return value === undefined ? "" : (shareOf(value, best)?.toFixed(2) ?? "");
}

export function tableOf(workload: string, summaries: readonly Summary[]): string {
  return textOf(rowsOf(workload, summaries));
}

/** Rows in columns as wide as they need to be. */
export function textOf(lines: readonly (readonly string[])[]): string {
  const widths = (lines[0] ?? []).map((_, column) =>
    Math.max(...lines.map((line) => (line[column] ?? "").length)),
  );
  const cell = (text: string, column: number): string => {
    const width = widths[column] ?? 0;
    return column === 0 ? text.padEnd(width) : text.padStart(width);
  };
  return lines.map((line) => line.map(cell).join("  ").trimEnd()).join("\n");
}
