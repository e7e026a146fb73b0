// Overload measured: what comes is three times what the workers can do. Newest first, as the server is, beside oldest first, which is a
// copy of it with that rule taken out. Prints the table of docs/overload.md. Usage: npm run overload

import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../test/support/free-ports.ts";
import { machineFacts } from "./machine.ts";
import { ask, closedLoop, openLoop, percentile } from "./overload-load.ts";

const ROOT = join(import.meta.dirname, "..");
const WORKERS = 4;
const CLIENTS = 12;
const WARM_UP_MS = 1000;
const CAPACITY_MS = 3000;
const OVERLOAD_MS = 6000;
const TIMES_CAPACITY = 3;
const PROBE_MS = 50;
const QUICK_MS = 150;
const START_MS = 20_000;

const ORDERS = ["newest first", "oldest first"] as const;
const SETTINGS = [
  { name: "defaults", args: [] },
  {
    name: "long queue, `--queue-timeout 3s`",
    args: ["--queue-length", "100000", "--queue-timeout", "3s"],
  },
] as const;

/** The rule of the newest first begins at this age of the oldest; there must be exactly one such line. */
const RULE = /^export const OVERLOAD_MS = \d+;$/m;

/** A copy of the server, in which no age is great enough. */
function oldestFirst(directory: string): string {
  for (const name of ["bin", "src", "python", "package.json"]) {
    cpSync(join(ROOT, name), join(directory, name), { recursive: true });
  }
  symlinkSync(join(ROOT, "node_modules"), join(directory, "node_modules"));
  const path = join(directory, "src/core/dispatch/queue.ts");
  const text = readFileSync(path, "utf8");
  if (!RULE.test(text)) throw new Error(`${path} has no line like ${RULE.source}`);
  writeFileSync(path, text.replace(RULE, "export const OVERLOAD_MS = Infinity;"));
  return directory;
}

async function measure(root: string, args: readonly string[]): Promise<string[]> {
  const port = await freePort();
  const fixed = ["--bind", `127.0.0.1:${port}`, "--workers", String(WORKERS)];
  const server = spawn(
    join(root, "bin/rickhouse"),
    [...fixed, "--access-log", "off", ...args, "nap:app"],
    { cwd: join(import.meta.dirname, "apps"), stdio: "ignore" },
  );
  try {
    const deadline = performance.now() + START_MS;
    while ((await ask(port)).status !== 200) {
      if (performance.now() > deadline) throw new Error("the server does not answer");
      await sleep(PROBE_MS);
    }
    await closedLoop(port, { clients: CLIENTS, ms: WARM_UP_MS });
    const capacity = await closedLoop(port, { clients: CLIENTS, ms: CAPACITY_MS });
    const rate = TIMES_CAPACITY * capacity;
    const load = openLoop(port, { perSecond: rate, ms: OVERLOAD_MS });
    await sleep(OVERLOAD_MS);
    const endedAt = performance.now();
    const recoveredMs = await untilQuick(port, endedAt);
    const outcomes = await load;
    const good = outcomes.filter(({ status }) => status === 200);
    const inTime = good.filter(({ at }) => at <= endedAt).length;
    const perSecond = (inTime * 1000) / OVERLOAD_MS;
    const latencies = good.map(({ latencyMs }) => latencyMs).toSorted((one, two) => one - two);
    return [
      capacity.toFixed(0),
      rate.toFixed(0),
      `${perSecond.toFixed(0)} (${((100 * perSecond) / capacity).toFixed(0)} %)`,
      `${(percentile(latencies, 0.5) / 1000).toFixed(2)} s`,
      `${(percentile(latencies, 0.99) / 1000).toFixed(2)} s`,
      `${(recoveredMs / 1000).toFixed(2)} s`,
    ];
  } finally {
    server.kill("SIGTERM");
    await once(server, "exit");
  }
}

/** Milliseconds from `since` until a new request is answered quickly. */
async function untilQuick(port: number, since: number): Promise<number> {
  for (;;) {
    const sentAt = performance.now();
    const { status, latencyMs } = await Promise.race([ask(port), late(sentAt)]);
    if (status === 200 && latencyMs <= QUICK_MS) return sentAt - since;
    await sleep(PROBE_MS);
  }
}

async function late(sentAt: number): Promise<{ status: number; latencyMs: number }> {
  await sleep(QUICK_MS);
  return { status: 0, latencyMs: performance.now() - sentAt };
}

const directory = mkdtempSync(join(tmpdir(), "rickhouse-bench-"));
try {
  const roots = { "newest first": ROOT, "oldest first": oldestFirst(directory) };
  const facts = Object.entries(machineFacts("python3")).map((fact) => fact.join(" "));
  console.log(`${facts.join(", ")}\n`);
  const columns =
    "| capacity/s | offered/s | answered/s in the overload | p50 | p99 of the answered | quick again after |";
  console.log(`| ${columns}\n| --- | --- | --- | --- | --- | --- | --- |`);
  for (const { name, args } of SETTINGS) {
    for (const order of ORDERS) {
      console.log(
        `| ${[`${order}, ${name}`, ...(await measure(roots[order], args))].join(" | ")} |`,
      );
    }
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}
