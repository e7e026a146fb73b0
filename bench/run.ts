// `npm run bench`: the same loads on rickhouse and on its peers, side by side on this machine. Prints tables and writes
// bench/results/latest.json. Linux only: CPU time is read from /proc.

import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setUpPeers } from "../scripts/python-environment.ts";
import { chartOf } from "./chart.ts";
import { tooSlow } from "./gate.ts";
import { goalRows } from "./goals.ts";
import { machineFacts } from "./machine.ts";
import { pageOf, type Results } from "./page.ts";
import { unpackPackage } from "./package.ts";
import { type Plan, planOf, USAGE } from "./plan.ts";
import { runToEnd, UsageError } from "./run-to-end.ts";
import { runAll } from "./rounds.ts";
import { killRunningServers } from "./running-server.ts";
import { isInstalled } from "./servers.ts";
import { type Round, summarize, tableOf, textOf } from "./table.ts";
import { wrkVersion } from "./wrk.ts";

const ROOT = join(import.meta.dirname, "..");
const RESULTS = join(import.meta.dirname, "results");
const PEERS = /^(?:granian|gunicorn|uwsgi|waitress|bjoern|flask|django|pyramid)==/i;

/** Ctrl-C. */
const interruption = new AbortController();
/** Tells what was measured until now: a run takes longer than an hour. */
let reportSoFar = (): void => {};

/** A line that the next one replaces, on a terminal only. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
  else if (text !== "") process.stderr.write(`${text}\n`);
}

function report(plan: Plan, rounds: readonly Round[], results: Results): void {
  for (const { name } of plan.workloads) console.log(`\n${tableOf(name, results.summaries)}`);
  mkdirSync(RESULTS, { recursive: true });
  const everything = `${JSON.stringify({ ...results, rounds }, null, 2)}\n`;
  writeFileSync(join(RESULTS, "latest.json"), everything);
  const goals = goalRows(results.summaries);
  if (goals.length > 1) console.log(`\n${textOf(goals)}`);
  console.log(
    `\nMedian of ${plan.rounds} x ${plan.seconds} s. CPU: the server's whole process tree. Ratios: to the better setting of Granian.\n` +
      "All figures: bench/results/latest.json",
  );
  if (plan.isPage) writePage(plan, results);
}

function writePage(plan: Plan, results: Results): void {
  const charts = join(ROOT, "docs/benchmarks");
  rmSync(charts, { recursive: true, force: true }); // Those of workloads that are no more.
  mkdirSync(charts, { recursive: true });
  for (const { name, title } of plan.workloads) {
    const rows = results.summaries.filter(({ workload }) => workload === name);
    writeFileSync(join(charts, `${name}.svg`), chartOf(title, rows));
  }
  writeFileSync(join(ROOT, "docs/benchmarks.md"), pageOf(results, plan.workloads));
  writeFileSync(join(charts, "results.json"), `${JSON.stringify(results, null, 2)}\n`);
  console.log("docs/benchmarks.md and docs/benchmarks/ are written");
}

function versionsOf(python: string): Record<string, string> {
  const { stdout } = spawnSync(python, ["-m", "pip", "list", "--format=freeze"], {
    encoding: "utf8",
  });
  const lines = stdout.split("\n").filter((line) => PEERS.test(line));
  return Object.fromEntries(
    lines.map((line) => [line.replace(/==.*/, ""), line.split("==")[1] ?? ""]),
  );
}

/** Peers that have to be compiled: without a compiler they are left out, and said. */
function addNativePeers(python: string): void {
  const requirements = join(import.meta.dirname, "requirements-native.txt");
  const pip = ["-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-deps"];
  const { status } = spawnSync(python, [...pip, "-r", requirements], { stdio: "ignore" });
  if (status !== 0) console.error("uwsgi and bjoern cannot be compiled here and are left out");
}

async function main(): Promise<number> {
  const asked = planOf(process.argv.slice(2));
  if (process.platform !== "linux") throw new UsageError("the benchmark reads /proc: Linux only");
  const tool = wrkVersion();
  if (tool === undefined) {
    throw new UsageError("wrk is not installed; install it (Debian, Ubuntu: apt install wrk)");
  }
  const python = setUpPeers();
  if (asked.servers.some(({ needs }) => needs !== undefined)) addNativePeers(python);
  const servers = asked.servers.filter((server) => isInstalled(server, python));
  const plan = { ...asked, servers };
  const { seconds } = plan;
  const places = { python, root: unpackPackage(python) };
  const run = { ...places, seconds, signal: interruption.signal };
  const facts = {
    date: new Date().toISOString(),
    machine: { ...machineFacts(python), Load: tool },
    versions: versionsOf(python),
    servers: servers.map(({ name, command }) => ({ name, command })),
    settings: { seconds, rounds: plan.rounds },
  };
  const rounds: Round[] = [];
  const tell = (told: Plan): void => {
    report(told, rounds, { ...facts, summaries: summarize(rounds) });
  };
  reportSoFar = () => {
    const done = new Set(rounds.map(({ workload }) => workload));
    const workloads = plan.workloads.filter(({ name }) => done.has(name));
    if (done.size > 0) tell({ ...plan, workloads, isPage: false });
  };
  await runAll(plan, run, progress, rounds);
  // A machine that was busy for a while gets a second chance.
  if (plan.isGate && tooSlow(rounds).length > 0) await runAll(plan, run, progress, rounds);
  tell(plan);
  const problems = plan.isGate ? tooSlow(rounds) : [];
  for (const problem of problems) console.error(`bench: ${problem}`);
  return rounds.length > 0 && problems.length === 0 ? 0 : 1;
}

await runToEnd({
  name: "bench",
  usage: USAGE,
  main,
  interrupt: () => {
    interruption.abort();
    killRunningServers();
    reportSoFar();
  },
});
