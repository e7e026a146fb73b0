// What the system tells of processes and their sockets (Linux): for tests that look at a process tree from outside, or for leaks.

import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** A zombie has ended: it only waits for its parent to look. */
export function isAlive(pid: number): boolean {
  return !["", "Z", "X"].includes(stateOf(pid));
}

/** One letter of proc(5): R, S, T (stopped), Z (zombie); empty when there is no such process. */
export function stateOf(pid: number): string {
  try {
    return /\) (\w)/s.exec(readFileSync(`/proc/${pid}/stat`, "latin1"))?.[1] ?? "";
  } catch {
    return "";
  }
}

/** The process group; undefined when there is no such process. */
export function groupOf(pid: number): number | undefined {
  try {
    return Number(/\) \w \d+ (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, "latin1"))?.[1]);
  } catch {
    return undefined;
  }
}

export function childrenOf(pid: number): number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1");
    return text.split(" ").filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/** Children that have ended and that nobody has reaped. */
export function zombiesOf(pid: number): number[] {
  return childrenOf(pid).filter((child) => stateOf(child) === "Z");
}

export function openDescriptors(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/** How often its main thread has woken up (proc(5)). */
export function wakeUpsOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "latin1");
  return Number(/^voluntary_ctxt_switches:\s*(\d+)/m.exec(status)?.[1]);
}

/** Resident memory in KiB. Throws for a process that is gone; NaN for one that waits to be reaped. */
export function residentKiB(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "latin1");
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]);
}

/** The same, but 0 for a process that has just gone. */
export function residentKiBIfAlive(pid: number): number {
  try {
    return residentKiB(pid) || 0;
  } catch {
    return 0;
  }
}

/** Mapped regions of memory. */
export function memoryMaps(pid: number): number {
  return readFileSync(`/proc/${pid}/maps`, "latin1").split("\n").length - 1;
}

/** As the kernel numbers them (include/net/tcp_states.h). */
const TCP_STATES = { "01": "ESTABLISHED", "08": "CLOSE_WAIT", "0A": "LISTEN" } as const;

export interface TcpSocket {
  readonly port: number;
  readonly state: "ESTABLISHED" | "CLOSE_WAIT" | "LISTEN" | "other";
}

/** The IPv4 sockets that this process holds, each once for each of its descriptors. */
export function tcpSocketsOf(pid: number): TcpSocket[] {
  const own = Map.groupBy(readdirSync(`/proc/${pid}/fd`), (name) =>
    linkOf(`/proc/${pid}/fd/${name}`),
  );
  const sockets: TcpSocket[] = [];
  for (const line of readFileSync("/proc/net/tcp", "latin1").split("\n").slice(1, -1)) {
    const [, local = "", , state = "", , , , , , inode] = line.trim().split(/\s+/);
    const port = Number.parseInt(local.split(":")[1] ?? "", 16);
    for (const _ of own.get(`socket:[${inode}]`) ?? []) {
      sockets.push({ port, state: isKnown(state) ? TCP_STATES[state] : "other" });
    }
  }
  return sockets;
}

function isKnown(state: string): state is keyof typeof TCP_STATES {
  return Object.hasOwn(TCP_STATES, state);
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return ""; // Closed since it was listed.
  }
}
