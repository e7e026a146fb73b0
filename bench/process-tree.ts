// The processes below one process, as Linux shows them in /proc: their CPU time, and their end.
// Only what descends from a process that the benchmark started is looked at or signalled.

import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** Linux counts CPU time in hundredths of a second for every architecture that Node runs on (USER_HZ). */
const TICK_US = 10_000;
const POLL_MS = 20;

interface ProcessFacts {
  readonly pid: number;
  readonly parent: number;
  /** In ticks since the boot: with the pid it names one process for good. */
  readonly startTime: number;
  /** User and system time, that of its reaped children included. */
  readonly cpuUs: number;
}

/** All living processes of the tree below and with `root`, found by parent; empty when it has ended. */
function treeOf(root: number): ProcessFacts[] {
  const children = new Map<number, ProcessFacts[]>();
  const found: ProcessFacts[] = [];
  for (const name of readdirSync("/proc")) {
    const facts = /^\d+$/.test(name) ? factsOf(Number(name)) : undefined;
    if (facts === undefined) continue;
    if (facts.pid === root) found.push(facts);
    const siblings = children.get(facts.parent);
    if (siblings === undefined) children.set(facts.parent, [facts]);
    else siblings.push(facts);
  }
  for (let i = 0; i < found.length; i++) found.push(...(children.get(found[i]?.pid ?? 0) ?? []));
  return found;
}

/** Undefined when the process is gone, or waits to be reaped. */
function factsOf(pid: number): ProcessFacts | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch {
    return undefined; // It ended since the directory was read.
  }
  // The name, in parentheses, may hold anything; behind it stands field 3 (proc_pid_stat(5)).
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const field = (number: number): number => Number(fields[number - 3]);
  if (fields[0] === "Z") return undefined;
  const ticks = field(14) + field(15) + field(16) + field(17);
  return { pid, parent: field(4), startTime: field(22), cpuUs: ticks * TICK_US };
}

/** CPU time that the living processes of the tree and their reaped children have used, in microseconds. */
export function cpuUsOfTree(root: number): number {
  return treeOf(root).reduce((sum, { cpuUs }) => sum + cpuUs, 0);
}

/** The same of one process; 0 when it is gone. */
export function cpuUsOf(pid: number): number {
  return factsOf(pid)?.cpuUs ?? 0;
}

/** Proportional set size of the living processes of the tree, in bytes: memory that several share counts once in all. */
export function pssBytesOfTree(root: number): number {
  return treeOf(root).reduce((sum, { pid }) => sum + pssBytesOf(pid), 0);
}

/** Proportional set size, in bytes. */
export function pssBytesOf(pid: number): number {
  try {
    const kib = /^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "latin1"))?.[1];
    return Number(kib ?? 0) * 1024;
  } catch {
    return 0; // It ended since it was found.
  }
}

/** Asks the root to end (SIGTERM); what of its tree is still there after `graceMs` is killed. */
export async function endTree(root: number, graceMs: number): Promise<void> {
  const tree = treeOf(root);
  signal(root, "SIGTERM");
  const deadline = performance.now() + graceMs;
  while (tree.some(isAlive) && performance.now() < deadline) await sleep(POLL_MS);
  for (const process of tree) if (isAlive(process)) signal(process.pid, "SIGKILL");
}

/** As `endTree`, at once: for the end of the benchmark itself. */
export function killTree(root: number): void {
  for (const { pid } of treeOf(root)) signal(pid, "SIGKILL");
}

function isAlive(process: ProcessFacts): boolean {
  return factsOf(process.pid)?.startTime === process.startTime;
}

function signal(pid: number, name: "SIGTERM" | "SIGKILL"): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended meanwhile.
  }
}
