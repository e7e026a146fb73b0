// The soak of everything at once, as a table: npm run soak -- SECONDS [--page | --kill-every MS]. Exit code 1: a promise was not kept.
// All figures and the server's log go to bench/results/; --page writes the table into docs/reliability.md if every promise was kept.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type MixedRun, runMixed } from "../test/support/mixed-run.ts";
import { type Measure, MEASURES, thirdsOf } from "../test/support/soak-samples.ts";
import { machineFacts } from "./machine.ts";

const PAGE = join(import.meta.dirname, "../docs/reliability.md");
const RESULTS = join(import.meta.dirname, "results");
const BEGIN = "<!-- made by npm run soak -- 3600 --page -->";
const END = "<!-- end of the soak -->";
/** So many moments of the run stand in the table. */
const MOMENTS = 12;
/** So many failures are printed. */
const MOST_SHOWN = 50;

const TITLES: Readonly<Record<Measure, string>> = {
  frontMib: "memory of the front, MiB",
  zygoteMib: "memory of the zygote, MiB",
  workerMib: "memory of a worker, MiB",
  descriptors: "descriptors of the front",
  processes: "processes",
  files: "temporary files of bodies and answers",
};

function tablesOf(run: MixedRun): string {
  const {
    asked,
    answered,
    killedTwice,
    crashes,
    kills,
    hangs,
    reloads,
    aborts,
    before,
    after,
    samples,
  } = run;
  const counted = [
    `| what happened in ${number(run.seconds)} s | |`,
    "| --- | --- |",
    `| ordinary requests, answered | ${number(answered)} of ${number(asked)} |`,
    `| of all, the hanging ones too: 502, both workers killed under it | ${number(killedTwice)} |`,
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

/** One after the other, each with what the log says of it. */
function failuresOf({ failures }: MixedRun): string {
  const shown = failures
    .slice(0, MOST_SHOWN)
    .flatMap(({ what, log }) => [`failed: ${what}`, ...log.map((line) => `  ${line}`)]);
  const rest = failures.length - MOST_SHOWN;
  return [...shown, ...(rest > 0 ? [`and ${rest} more`] : [])].join("\n");
}

function keep(run: MixedRun): void {
  const { log, ...figures } = run;
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(join(RESULTS, "soak.json"), `${JSON.stringify(figures, null, 2)}\n`);
  writeFileSync(join(RESULTS, "soak.log"), log, "latin1");
}

function writePage(text: string): void {
  const page = readFileSync(PAGE, "utf8");
  const [start = "", rest = ""] = page.split(BEGIN);
  const [, end] = rest.split(END);
  if (end === undefined) throw new Error(`${PAGE} has no place for it`);
  writeFileSync(PAGE, `${start}${BEGIN}\n\n${text}\n\n${END}${end}`);
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { page: { type: "boolean" }, "kill-every": { type: "string" } },
});
const seconds = Number(positionals[0]);
const killEvery = values["kill-every"];
const isWrong = !(seconds > 0) || (killEvery !== undefined && !(Number(killEvery) > 0));
if (isWrong || (values.page === true && killEvery !== undefined)) {
  console.error("Usage: npm run soak -- SECONDS [--page | --kill-every MS]");
  process.exit(2);
}
const facts = Object.entries(machineFacts("python3")).map((fact) => fact.join(" "));
const date = new Date().toISOString().slice(0, 10);
const run = await runMixed(seconds, {
  ...(killEvery === undefined ? {} : { killEveryMs: Number(killEvery) }),
  onSample: (sample) => {
    console.error(JSON.stringify(sample));
  },
});
const text = `${facts.join(", ")}; ${date}.\n\n${tablesOf(run)}`;
keep(run);
console.log(text);
if (run.failures.length > 0) {
  console.log(`\n${failuresOf(run)}\n\nThe server's log: bench/results/soak.log`);
  process.exitCode = 1;
} else if (values.page === true) writePage(text);
