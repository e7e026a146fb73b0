// The soak of everything at once, as a table. Usage: npm run soak -- SECONDS [--page]; --page writes the table into docs/reliability.md.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type MixedRun, runMixed } from "../test/support/mixed-run.ts";
import { type Measure, MEASURES, thirdsOf } from "../test/support/soak-samples.ts";
import { machineFacts } from "./machine.ts";

const PAGE = join(import.meta.dirname, "../docs/reliability.md");
const BEGIN = "<!-- made by npm run soak -- 3600 --page -->";
const END = "<!-- end of the soak -->";
/** So many moments of the run stand in the table. */
const MOMENTS = 12;

const TITLES: Readonly<Record<Measure, string>> = {
  frontMib: "memory of the front, MiB",
  zygoteMib: "memory of the zygote, MiB",
  workerMib: "memory of a worker, MiB",
  descriptors: "descriptors of the front",
  processes: "processes",
  files: "temporary files of bodies and answers",
};

function tablesOf(run: MixedRun): string {
  const { answered, crashes, kills, hangs, reloads, aborts, before, after, samples } = run;
  const counted = [
    `| what happened in ${number(run.seconds)} s | |`,
    "| --- | --- |",
    `| ordinary requests, answered | ${number(answered)} of ${number(answered)} |`,
    `| crashes, kills, hangs | ${number(crashes)}, ${number(kills)}, ${number(hangs)} |`,
    `| reloads, aborts | ${number(reloads)}, ${number(aborts)} |`,
  ];
  const quiet: Readonly<Record<Measure, string>> = {
    frontMib: `${mib(before.frontKiB)} | ${mib(after.frontKiB)}`,
    zygoteMib: `${mib(before.zygoteKiB)} | ${mib(after.zygoteKiB)}`,
    workerMib: "- | -",
    descriptors: `${before.descriptors} | ${after.descriptors}`,
    processes: `${before.processes} | ${after.processes}`,
    files: "0 | 0",
  };
  const step = Math.max(1, Math.floor(samples.length / MOMENTS));
  const moments = samples.filter((_, index) => index % step === 0);
  const measured = [
    "| | at rest before | at rest after | first third | last third | in even steps |",
    "| --- | --- | --- | --- | --- | --- |",
    ...MEASURES.map((measure) => {
      const { first, last } = thirdsOf(samples, measure);
      const row = moments.map((sample) => sample[measure]).join(" ");
      return `| ${TITLES[measure]} | ${quiet[measure]} | ${first} | ${last} | ${row} |`;
    }),
  ];
  return [counted.join("\n"), "Under the load, medians of thirds:", measured.join("\n")].join(
    "\n\n",
  );
}

function number(value: number): string {
  return value.toLocaleString("en");
}

function mib(kib: number): string {
  return (kib / 1024).toFixed(1);
}

const [secondsText = "", mode] = process.argv.slice(2);
const seconds = Number(secondsText);
if (!(seconds > 0) || (mode !== undefined && mode !== "--page")) {
  console.error("Usage: npm run soak -- SECONDS [--page]");
  process.exit(2);
}
const facts = Object.entries(machineFacts("python3")).map((fact) => fact.join(" "));
const date = new Date().toISOString().slice(0, 10);
const text = `${facts.join(", ")}; ${date}.\n\n${tablesOf(await runMixed(seconds))}`;
console.log(text);
if (mode === "--page") {
  const page = readFileSync(PAGE, "utf8");
  const [start = "", rest = ""] = page.split(BEGIN);
  const [, end] = rest.split(END);
  if (end === undefined) throw new Error(`${PAGE} has no place for it`);
  writeFileSync(PAGE, `${start}${BEGIN}\n\n${text}\n\n${END}${end}`);
}
