// What the parts of the front cost for a request while it serves, in microseconds of processor time: `perf` samples it under wrk's load, and a
// sample counts for the source file whose code ran. Code that V8 has put into its caller counts for the caller; the kernel's and Node's own, that
// of the event loop's thread, counts for none of ours. The loops (bench/front.ts, bench/access-log.ts, bench/figures.ts) tell what the same code costs with the caches to itself.
// Usage: node bench/in-place.ts [WORKLOAD ...]: hello and flask unless others are named. Needs perf, and the right to use it.

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setUpPeers } from "../scripts/python-environment.ts";
import { cpuUsOf } from "./process-tree.ts";
import { runToEnd, UsageError } from "./run-to-end.ts";
import { killRunningServers, RunningServer } from "./running-server.ts";
import { type Workload, WORKLOADS } from "./workloads.ts";
import { runWrk } from "./wrk.ts";

const USAGE = "usage: node bench/in-place.ts [WORKLOAD ...]";
const ROOT = join(import.meta.dirname, "..");
const CONNECTIONS = 64;
const WARM_UP_SECONDS = 10;
const SECONDS = 20;
const SAMPLES_PER_SECOND = 4000;

/** The first whose pattern is found in a sample's thread, object and symbol has it. */
const PARTS: readonly (readonly [string, RegExp])[] = [
  ["access log: lines", /src\/(?:core\/log|io\/access-log)/],
  ["access log: writing them", /^libuv-worker/],
  ["figures", /src\/(?:core\/metrics|io\/request-observer)/],
  ["request id and start time", /src\/core\/wire\/request-trace/],
  ["HTTP/1.1", /src\/core\/http1?\//],
  ["the wire to the workers", /src\/core\/wire\//],
  ["the queue", /src\/core\/dispatch\//],
  ["connections", /src\/io\/net\//],
  ["workers' channels", /src\/io\/workers\//],
  ["sockets", /src\/io\/sockets\//],
  ["other code of this server", /src\//],
  ["Node's JavaScript", /node:/],
  ["the kernel", /\[kernel/],
  ["koffi", /koffi/],
  ["V8's own threads", /^V8Worker/],
];
const REST = "V8, Node and libraries";

/** Ctrl-C. */
const interruption = new AbortController();
const directory = mkdtempSync(join(tmpdir(), "rickhouse-in-place-"));
const data = join(directory, "perf.data");

/** Samples by part. */
function samplesByPart(): Map<string, number> {
  const args = ["report", "-i", data, "--stdio", "-n", "-t", "|", "--sort", "comm,dso,symbol"];
  const { status, stdout } = spawnSync("perf", args, { encoding: "utf8", maxBuffer: 2 ** 28 });
  const counts = new Map<string, number>([...PARTS, [REST] as const].map(([part]) => [part, 0]));
  for (const line of stdout.split("\n")) {
    const [, count, what = ""] = /^\s*[\d.]+%\s*\|\s*(\d+)\s*\|(.*)$/.exec(line) ?? [];
    if (count === undefined) continue;
    const part = PARTS.find(([, pattern]) => pattern.test(what))?.[0] ?? REST;
    counts.set(part, (counts.get(part) ?? 0) + Number(count));
  }
  if (status !== 0 || allOf(counts) === 0) throw new Error("perf has no samples to report");
  return counts;
}

function allOf(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}

/** Samples a process from now on; resolves when `stop` has ended the sampling. */
async function startSampling(pid: number): Promise<{ stop(): Promise<void> }> {
  const options = ["-q", "-F", String(SAMPLES_PER_SECOND), "-p", String(pid), "-o", data];
  const perf = spawn("perf", ["record", ...options], { stdio: ["ignore", "ignore", "inherit"] });
  await once(perf, "spawn").catch(() => {
    throw new UsageError("perf is not installed; install it (Debian: apt install linux-perf)");
  });
  const ended = once(perf, "exit");
  return {
    stop: async () => {
      perf.kill("SIGINT");
      await ended;
    },
  };
}

async function measure(workload: Workload, python: string): Promise<void> {
  const log = join(directory, "access.log");
  const command = `{root}/bin/rickhouse --bind 127.0.0.1:{port} --python {python} --workers {workers} --access-log ${log} {module}:app`;
  const places = { python, root: ROOT };
  await using server = await RunningServer.start({ name: "rickhouse", command }, workload, places);
  const { pid } = server;
  const url = server.origin + workload.path;
  const load = { connections: CONNECTIONS, seconds: SECONDS };
  await runWrk(url, { ...load, seconds: WARM_UP_SECONDS }, interruption.signal);

  const sampling = await startSampling(pid);
  const before = cpuUsOf(pid);
  const { requests } = await runWrk(url, load, interruption.signal);
  const usPerRequest = (cpuUsOf(pid) - before) / requests;
  await sampling.stop();

  const title = `${workload.name}: ${usPerRequest.toFixed(1)} us of the front a request, ${requests} requests`;
  console.log(title);
  const counts = samplesByPart();
  const all = allOf(counts);
  for (const [part, count] of counts) {
    const share = count / all;
    const us = (share * usPerRequest).toFixed(2);
    console.log(
      `  ${part.padEnd(28)} ${us.padStart(6)} us ${(100 * share).toFixed(1).padStart(6)} %`,
    );
  }
  rmSync(`/tmp/perf-${pid}.map`, { force: true });
}

async function main(): Promise<number> {
  const asked = process.argv.slice(2);
  const names = asked.length > 0 ? asked : ["hello", "flask"];
  const workloads = names.map((name) => {
    const found = WORKLOADS.find((workload) => workload.name === name);
    if (found === undefined) throw new UsageError(`there is no workload ${name}\n${USAGE}`);
    return found;
  });
  // Names of compiled code, for perf.
  process.env["NODE_OPTIONS"] = "--perf-basic-prof";
  const python = setUpPeers();
  for (const workload of workloads) await measure(workload, python);
  return 0;
}

try {
  await runToEnd({
    name: "in-place",
    usage: USAGE,
    main,
    interrupt: () => {
      interruption.abort();
      killRunningServers();
      rmSync(directory, { recursive: true, force: true });
    },
  });
} finally {
  rmSync(directory, { recursive: true, force: true });
}
