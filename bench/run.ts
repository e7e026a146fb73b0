// `npm run bench`: the same load on rickhouse and on its peers, side by side on this machine. Prints a table and writes
// bench/results/latest.json. Each server is started fresh for every round, and the rounds of all are interleaved, so
// that a machine that gets slower for a while is slow for everyone. Linux only: CPU time is read from /proc.

import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, release } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { SetupError, setUpEnvironment } from "../scripts/python-environment.ts";
import { cpuUsOfTree } from "./process-tree.ts";
import {
  BATCH_SERVERS,
  killRunningServers,
  RunningServer,
  type Server,
  SERVERS,
  WORKERS,
  type Workload,
  WORKLOADS,
} from "./servers.ts";
import { type Round, summarize, tableOf } from "./table.ts";
import { CONNECTIONS, runWrk, wrkVersion } from "./wrk.ts";

const USAGE = `usage: npm run bench -- [options]
  --seconds N              length of one round (3)
  --rounds N               rounds of each server, of which the median counts (3)
  --only WORKLOAD          hello or flask (both)
  --servers A,B            only servers whose name starts like that
  --batch                  Granian also under SCHED_BATCH (chrt)
  --extra 'NAME=COMMAND'   one more server; repeatable. Run in bench/apps, with {port}, {module}, {workers}, {python}`;

const WARM_UP_SECONDS = 1;
const RESULTS = join(import.meta.dirname, "results");

class UsageError extends Error {}

interface Plan {
  readonly seconds: number;
  readonly rounds: number;
  readonly workloads: readonly Workload[];
  readonly servers: readonly Server[];
}

function planOf(argv: readonly string[]): Plan {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      seconds: { type: "string", default: "3" },
      rounds: { type: "string", default: "3" },
      only: { type: "string" },
      servers: { type: "string" },
      batch: { type: "boolean", default: false },
      extra: { type: "string", multiple: true, default: [] },
    },
  });
  const workloads = WORKLOADS.filter(({ name }) => name === (values.only ?? name));
  if (workloads.length === 0) throw new UsageError(`no workload is called ${values.only}`);
  const wanted = values.servers?.split(",");
  const own = [...SERVERS, ...(values.batch ? BATCH_SERVERS : [])].filter(
    ({ name }) => wanted?.some((start) => name.startsWith(start)) ?? true,
  );
  return {
    seconds: positive(values.seconds, "--seconds"),
    rounds: positive(values.rounds, "--rounds"),
    workloads,
    servers: [...own, ...values.extra.map(extraServer)],
  };
}

function extraServer(text: string): Server {
  const [, name, command] = /^([^=]+)=(.*\{port\}.*)$/.exec(text) ?? [];
  if (name === undefined || command === undefined) {
    throw new UsageError(`--extra is 'NAME=COMMAND with {port}', not '${text}'`);
  }
  return { name, command };
}

function positive(text: string, option: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1)
    throw new UsageError(`${option} ${text}: a number from 1`);
  return number;
}

/** Ctrl-C. */
const interruption = new AbortController();

async function measure(
  server: Server,
  workload: Workload,
  plan: Plan,
  python: string,
): Promise<Round> {
  await using started = await RunningServer.start(server, workload, python);
  await runWrk(started.url, WARM_UP_SECONDS, interruption.signal);
  const before = cpuUsOfTree(started.pid);
  const load = await runWrk(started.url, plan.seconds, interruption.signal);
  const cpuUs = cpuUsOfTree(started.pid) - before;
  const { requestsPerSecond, p50Ms, p99Ms, errors } = load;
  return {
    workload: workload.name,
    server: server.name,
    requestsPerSecond,
    cpuUsPerRequest: cpuUs / load.requests,
    p50Ms,
    p99Ms,
    errors,
  };
}

async function runAll(plan: Plan, python: string): Promise<Round[]> {
  const rounds: Round[] = [];
  const failed = new Set<string>();
  const total = plan.rounds * plan.workloads.length * plan.servers.length;
  let done = 0;
  for (let round = 1; round <= plan.rounds; round++) {
    for (const workload of plan.workloads) {
      for (const server of plan.servers) {
        const name = `${workload.name}, ${server.name}`;
        progress(`${++done}/${total}  round ${round}: ${name}`);
        if (failed.has(name)) continue;
        try {
          rounds.push(await measure(server, workload, plan, python));
        } catch (error) {
          // One server that fails must not cost the figures of the others.
          failed.add(name);
          progress("");
          console.error(`${name}: ${error instanceof Error ? error.message : String(error)}`);
        }
      }
    }
  }
  progress("");
  return rounds;
}

/** A line that the next one replaces, on a terminal only. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
  else if (text !== "") process.stderr.write(`${text}\n`);
}

function report(plan: Plan, rounds: readonly Round[], tool: string): void {
  const summaries = summarize(rounds);
  for (const { name } of plan.workloads) console.log(`\n${tableOf(name, summaries)}`);
  const machine = {
    processor: cpus()[0]?.model,
    processors: cpus().length,
    kernel: release(),
    node: process.version,
    load: tool,
  };
  const { seconds, servers } = plan;
  const settings = { seconds, rounds: plan.rounds, workers: WORKERS, connections: CONNECTIONS };
  const results = { date: new Date().toISOString(), machine, settings, servers, summaries, rounds };
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(join(RESULTS, "latest.json"), `${JSON.stringify(results, null, 2)}\n`);
  console.log(
    `\n${WORKERS} workers, ${CONNECTIONS} connections, median of ${plan.rounds} x ${seconds} s. ` +
      "CPU: the server's whole process tree. Ratios: to the better setting of Granian.\n" +
      "All figures: bench/results/latest.json",
  );
}

async function main(): Promise<number> {
  const plan = planOf(process.argv.slice(2));
  if (process.platform !== "linux") throw new UsageError("the benchmark reads /proc: Linux only");
  const tool = wrkVersion();
  if (tool === undefined) {
    throw new UsageError("wrk is not installed; install it (Debian, Ubuntu: apt install wrk)");
  }
  const python = setUpEnvironment({
    directory: "bench/.venv",
    requirements: "bench/requirements.txt",
    contents: "Granian, gunicorn, Flask",
    minimum: [3, 10],
  });
  const rounds = await runAll(plan, python);
  report(plan, rounds, tool);
  return rounds.length > 0 ? 0 : 1;
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    interruption.abort();
    killRunningServers();
    process.exit(130);
  });
}
try {
  process.exitCode = await main();
} catch (error) {
  const isUsage = error instanceof UsageError || error instanceof SetupError;
  const isArgument = error instanceof TypeError && "code" in error;
  if (!isUsage && !isArgument) throw error;
  console.error(`bench: ${error.message}`);
  if (isArgument) console.error(USAGE);
  process.exitCode = 2;
}
