// argv of the benchmark -> what to run.

import { parseArgs } from "node:util";
import { UsageError } from "./run-to-end.ts";
import { BATCH_SERVERS, REFERENCE, type Server, SERVERS } from "./servers.ts";
import { type Workload, WORKLOADS } from "./workloads.ts";

export const USAGE = `usage: npm run bench -- [options]
  --seconds N              length of one round (3)
  --rounds N               rounds of each server, of which the median counts (3)
  --only WORKLOAD,...      hello, flask, ... (all)
  --servers A,B            only servers whose name starts like that
  --batch                  every peer also under SCHED_BATCH (chrt)
  --page                   also write docs/benchmarks.md and its charts
  --gate                   short, and fails when a ratio is too high: what CI runs
  --extra 'NAME=COMMAND'   one more server; repeatable. Run in bench/apps, with {port}, {module}, {workers}, {python}`;

export interface Plan {
  readonly seconds: number;
  readonly rounds: number;
  readonly workloads: readonly Workload[];
  readonly servers: readonly Server[];
  readonly isPage: boolean;
  readonly isGate: boolean;
}

const GATE = {
  seconds: 2,
  rounds: 3,
  workloads: WORKLOADS.filter(({ name }) => name === "hello" || name === "flask"),
  servers: SERVERS.filter(({ name }) => name === "rickhouse" || name.startsWith(REFERENCE)),
};

export function planOf(argv: readonly string[]): Plan {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      seconds: { type: "string", default: "3" },
      rounds: { type: "string", default: "3" },
      only: { type: "string" },
      servers: { type: "string" },
      batch: { type: "boolean", default: false },
      page: { type: "boolean", default: false },
      gate: { type: "boolean", default: false },
      extra: { type: "string", multiple: true, default: [] },
    },
  });
  if (values.gate) return { ...GATE, isPage: false, isGate: true };
  const names = values.only?.split(",") ?? WORKLOADS.map(({ name }) => name);
  const wanted = values.servers?.split(",");
  const own = [...SERVERS, ...(values.batch ? BATCH_SERVERS : [])].filter(
    ({ name }) => wanted?.some((start) => name.startsWith(start)) ?? true,
  );
  return {
    seconds: positive(values.seconds, "--seconds"),
    rounds: positive(values.rounds, "--rounds"),
    workloads: names.map(workloadOf),
    servers: [...own, ...values.extra.map(extraServer)],
    isPage: values.page,
    isGate: false,
  };
}

function workloadOf(wanted: string): Workload {
  const found = WORKLOADS.find(({ name }) => name === wanted);
  if (found !== undefined) return found;
  const names = WORKLOADS.map(({ name }) => name).join(", ");
  throw new UsageError(`no workload is called ${wanted}; there are ${names}`);
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
