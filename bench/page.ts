// The results of a full run -> docs/benchmarks.md. Pure.

import { goalRows } from "./goals.ts";
import { rowsOf, type Summary } from "./table.ts";
import type { Workload } from "./workloads.ts";

export interface Results {
  readonly date: string;
  /** What the figures were made on and with, by name. */
  readonly machine: Readonly<Record<string, string>>;
  readonly versions: Readonly<Record<string, string>>;
  readonly servers: readonly { readonly name: string; readonly command: string }[];
  readonly settings: { readonly seconds: number; readonly rounds: number };
  readonly summaries: readonly Summary[];
}

const PREFACE = `# Benchmarks

Made by \`npm run bench -- --page\`, never by hand. Under each workload every server is started fresh and warmed up for five seconds; then all take turns, and the median counts. Connections are made anew in each round, so that rounds of frameworks take two seconds at least, and those with 4,000 connections five. Those of 1 MiB take three: there are seconds in which a machine's memory is half as fast.
Where a round leaves something behind (requests that sleep, idle connections, a burst, memory, the start), each round has servers of its own, and there are no more than two.
*Kept* is the requests/s beside what sleeps, idles or is half sent, in percent of the mean of the same load without it, on the same server just before and just after;
a server that answers nobody beside it keeps 0 %, and what it gives afterwards is not measured.
CPU is user and system time of a server's whole process tree, ended children included. Ratios are to the better setting of Granian. \`, batch\` is the same server under
\`chrt --batch 0\`, the policy that Rickhouse chooses for its front while it is busy; Rickhouse itself has no such row. The load (wrk) runs on the same processors as the servers: compare rows of one table, not tables
of different machines. *Spread* is the largest less the smallest of the rounds, as a share of the median: differences below it mean nothing.
`;

const GOALS_PREFACE = `Of Rickhouse at its default settings, access log on, with two workers to start with, against peers at theirs. Why a goal is missed, and what would
reach it: [where the time of a request goes](profile.md).`;

export function pageOf(results: Results, workloads: readonly Workload[]): string {
  const { machine, versions, settings, servers } = results;
  const facts = { ...machine, ...versions };
  const seconds = settings.seconds === 1 ? "second" : "seconds";
  return [
    PREFACE,
    "## Machine and versions",
    table([["", ""], ...Object.entries(facts)]),
    `${settings.rounds} rounds of ${settings.seconds} ${seconds}, ${results.date.slice(0, 10)}.`,
    "## Goals",
    GOALS_PREFACE,
    table(goalRows(results.summaries)),
    "## Commands",
    table([["server", "command"], ...servers.map(({ name, command }) => [name, `\`${command}\``])]),
    ...workloads.flatMap(({ name, title }) => [
      `## ${title}`,
      `![${title}](benchmarks/${name}.svg)`,
      table(rowsOf(name, results.summaries)),
    ]),
  ]
    .map((part) => `${part.trimEnd()}\n`)
    .join("\n");
}

function table(rows: readonly (readonly string[])[]): string {
  const [head = [], ...body] = rows;
  const rule = head.map((_, column) => (column === 0 ? "---" : "---:"));
  return [line(head), line(rule), ...body.map(line)].join("\n");
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}
