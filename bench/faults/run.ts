// `npm run faults`: faults that a server meets in its life, put to rickhouse and its peers. Prints a table; all results are kept in
// bench/results/faults.json, and --page writes them into docs/reliability.md. Linux only.

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { setUpEnvironment } from "../../scripts/python-environment.ts";
import { machineFacts } from "../machine.ts";
import { runToEnd, UsageError } from "../run-to-end.ts";
import { CLIENT_FAULTS } from "./clients.ts";
import { type Contender, CONTENDERS } from "./contenders.ts";
import { type Fault, verdict, type Verdict } from "./fault.ts";
import { MESSAGE_FAULTS } from "./messages.ts";
import { OPERATION_FAULTS } from "./operation.ts";
import { type FaultResults, tableOf, writePage } from "./page.ts";
import { killTargets, Target } from "./target.ts";
import { WORKER_FAULTS } from "./workers.ts";

const USAGE = `usage: npm run faults -- [options]
  --only NAME,...     only these faults (all)
  --servers A,B       only these servers (all)
  --page              also write the table of docs/reliability.md, of all results so far
  --list              only the names of the faults`;

const BENCH = join(import.meta.dirname, "..");
const RESULTS = join(BENCH, "results/faults.json");
const FAULTS: readonly Fault[] = [
  ...CLIENT_FAULTS,
  ...WORKER_FAULTS,
  ...OPERATION_FAULTS,
  ...MESSAGE_FAULTS,
];
/** Of one fault on one server: what takes longer has failed. */
const FAULT_MS = 25_000;

async function putAll(
  faults: readonly Fault[],
  contenders: readonly Contender[],
  python: string,
): Promise<FaultResults["verdicts"]> {
  const verdicts: Record<string, Record<string, Verdict>> = {};
  for (const fault of faults) {
    const row: Record<string, Verdict> = {};
    verdicts[fault.name] = row;
    for (const contender of contenders) {
      const first = await putOnce(fault, contender, python);
      // A busy machine must not be held against anyone.
      const result = first.ok ? first : await putOnce(fault, contender, python);
      row[contender.name] = result;
      console.error(
        `${fault.name}, ${contender.name}: ${result.ok ? "pass" : "FAIL"} ${result.figure}`,
      );
    }
  }
  return verdicts;
}

async function putOnce(fault: Fault, contender: Contender, python: string): Promise<Verdict> {
  if (fault.start?.endsHangs === true && contender.hangOptions === undefined) {
    const without = await putOnce({ ...fault, start: {} }, contender, python);
    return { ...without, figure: `no time-out; ${without.figure}` };
  }
  try {
    await using target = await Target.start(contender, python, fault.start);
    const tooLong = sleep(FAULT_MS, verdict(false, "no end in 25 s"), { ref: false });
    return await Promise.race([fault.put(target), tooLong]);
  } catch (error) {
    const [line = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
    return verdict(false, line.slice(0, 60));
  }
}

function versionsOf(python: string): Record<string, string> {
  const { stdout } = spawnSync(python, ["-m", "pip", "list", "--format=freeze"], {
    encoding: "utf8",
  });
  const wanted = new Set(CONTENDERS.map(({ distribution }) => distribution?.toLowerCase()));
  const pairs = stdout.split("\n").map((line) => line.split("=="));
  const ours = pairs.filter(([name = ""]) => wanted.has(name.toLowerCase()));
  return Object.fromEntries(ours.map(([name = "", version = ""]) => [name, version]));
}

function readResults(): FaultResults["verdicts"] {
  if (!existsSync(RESULTS)) return {};
  const results: FaultResults = JSON.parse(readFileSync(RESULTS, "utf8"));
  return results.verdicts;
}

/** What was asked of these, and what is known of the others. */
function joined(
  old: FaultResults["verdicts"],
  fresh: FaultResults["verdicts"],
): FaultResults["verdicts"] {
  const names = FAULTS.map(({ name }) => name);
  return Object.fromEntries(names.map((name) => [name, { ...old[name], ...fresh[name] }]));
}

function named<T extends { readonly name: string }>(
  all: readonly T[],
  names?: string,
): readonly T[] {
  if (names === undefined) return all;
  return names.split(",").map((wanted) => {
    const found = all.find(({ name }) => name === wanted);
    if (found !== undefined) return found;
    throw new UsageError(`no ${wanted}; there are ${all.map(({ name }) => name).join(", ")}`);
  });
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      only: { type: "string" },
      servers: { type: "string" },
      page: { type: "boolean", default: false },
      list: { type: "boolean", default: false },
    },
  });
  if (values.list) {
    for (const { name, title } of FAULTS) console.log(`${name.padEnd(30)}${title}`);
    return 0;
  }
  if (process.platform !== "linux")
    throw new UsageError("processes are read from /proc: Linux only");
  const faults = named(FAULTS, values.only);
  const asked = named(CONTENDERS, values.servers);
  const python = setUpEnvironment({
    directory: "bench/.venv",
    requirements: "bench/requirements.txt",
    contents: "Granian, gunicorn, waitress, Flask, Django, Pyramid",
    minimum: [3, 10],
  });
  const hasUwsgi = existsSync(join(python, "../uwsgi"));
  if (!hasUwsgi) console.error("uwsgi is left out: `npm run bench -- --servers uwsgi` compiles it");
  const contenders = asked.filter(({ name }) => name !== "uwsgi" || hasUwsgi);
  const fresh = await putAll(faults, contenders, python);
  const results: FaultResults = {
    date: new Date().toISOString().slice(0, 10),
    facts: { ...machineFacts(python), ...versionsOf(python) },
    verdicts: joined(readResults(), fresh),
  };
  mkdirSync(join(BENCH, "results"), { recursive: true });
  writeFileSync(RESULTS, `${JSON.stringify(results, null, 2)}\n`);
  console.log(tableOf(faults, contenders, { ...results, verdicts: fresh }));
  if (values.page) writePage(FAULTS, CONTENDERS, results);
  const own = Object.values(fresh).map((row) => row["rickhouse"]);
  return own.some((result) => result?.ok === false) ? 1 : 0;
}

await runToEnd({ name: "faults", usage: USAGE, main, interrupt: killTargets });
