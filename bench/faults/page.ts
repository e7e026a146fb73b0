// Verdicts -> tables, and the part of docs/reliability.md that is made of them; the rest of the page is written by hand.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Contender } from "./contenders.ts";
import type { Fault, Verdict } from "./fault.ts";

export interface FaultResults {
  readonly date: string;
  readonly facts: Readonly<Record<string, string>>;
  /** By fault, then by server. */
  readonly verdicts: Readonly<Record<string, Readonly<Record<string, Verdict>>>>;
}

const PAGE = join(import.meta.dirname, "../../docs/reliability.md");
const BEGIN = "<!-- made by npm run faults -- --page -->";
const END = "<!-- end of what is made -->";

/** One row a fault, one column a server; the last row counts what failed. */
export function tableOf(
  faults: readonly Fault[],
  contenders: readonly Contender[],
  { verdicts }: Pick<FaultResults, "verdicts">,
): string {
  const names = contenders.map(({ name }) => name);
  const cell = (fault: Fault, name: string): string => {
    const result = verdicts[fault.name]?.[name];
    if (result === undefined) return "-";
    return result.ok ? `pass: ${result.figure}` : `**fail**: ${result.figure}`;
  };
  const failures = names.map((name) => {
    return `${faults.filter((fault) => verdicts[fault.name]?.[name]?.ok === false).length} fail`;
  });
  const rows = [
    ["fault", ...names],
    ["---", ...names.map(() => "---")],
    ...faults.map((fault) => [`\`${fault.name}\``, ...names.map((name) => cell(fault, name))]),
    [`${faults.length} faults`, ...failures],
  ];
  return rows.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

export function writePage(
  faults: readonly Fault[],
  contenders: readonly Contender[],
  results: FaultResults,
): void {
  const page = readFileSync(PAGE, "utf8");
  const [start = "", rest = ""] = page.split(BEGIN);
  const [, end = ""] = rest.split(END);
  const facts = Object.entries(results.facts).map(([name, value]) => `${name} ${value}`);
  const made = [
    `${facts.join(", ")}; ${results.date}.`,
    tableOf(faults, contenders, results),
    "What is done, and when it passes:",
    rules(faults),
    "How each server was started (in `bench/faults/`; where a request hangs, with the options in the last column):",
    commands(contenders),
  ];
  writeFileSync(PAGE, `${start}${BEGIN}\n\n${made.join("\n\n")}\n\n${END}${end}`);
}

function rules(faults: readonly Fault[]): string {
  const rows = faults.map(({ name, title, wants }) => `| \`${name}\` | ${title} | ${wants} |`);
  return ["| fault | what is done | passes when |", "| --- | --- | --- |", ...rows].join("\n");
}

function commands(contenders: readonly Contender[]): string {
  const rows = contenders.map(({ name, command, hangOptions }) => {
    return `| ${name} | \`${command}\` | ${hangOptions === undefined ? "there are none" : `\`${hangOptions}\``} |`;
  });
  return ["| server | command | time-out of a request |", "| --- | --- | --- |", ...rows].join(
    "\n",
  );
}
