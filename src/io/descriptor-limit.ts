// How many file descriptors this process may have (RLIMIT_NOFILE), as the kernel tells it: Node has no call for it. And who gets them:
// at EMFILE libuv drops the newest connection, so it must never be met.

import { readFileSync } from "node:fs";
import type { WorkerRange } from "../config/kinds.ts";
import type { Config } from "../config/options.ts";
import type { Log } from "./log.ts";

/** The soft limit in force; Infinity where it cannot be read (not Linux). Node raises it to the hard limit at its start. */
export function descriptorLimit(): number {
  let text: string;
  try {
    text = readFileSync("/proc/self/limits", "latin1");
  } catch {
    return Infinity;
  }
  const found = /^Max open files\s+(\d+|unlimited)/m.exec(text)?.[1];
  return found === undefined || found === "unlimited" ? Infinity : Number(found);
}

/** Node itself (about 25), listeners, a start of a process, logs. */
const OWN_DESCRIPTORS = 40;
/** Two generations of workers. */
const PER_CHANNEL = 2;
/** Of what there is beyond its own, elastic workers may take a quarter: workers without connections have nothing to do. */
const WORKER_SHARE = 0.25;

/** What a front needs besides its clients. */
export function reservedDescriptors(channels: number): number {
  return OWN_DESCRIPTORS + PER_CHANNEL * channels;
}

/** The same range of workers, with a smaller maximum where `limit` is low; never fewer than were asked for as the least. */
export function affordableWorkers(
  { workers, threads }: { readonly workers: WorkerRange; readonly threads: number },
  limit: number = descriptorLimit(),
): WorkerRange {
  const channels = Math.floor(((limit - OWN_DESCRIPTORS) * WORKER_SHARE) / PER_CHANNEL);
  const most = Math.floor(channels / threads);
  return { min: workers.min, max: Math.max(workers.min, Math.min(workers.max, most)) };
}

/** The configuration that a server can run by, at its start and after a reload. */
export function affordable<C extends Parameters<typeof affordableWorkers>[0]>(config: C): C {
  return { ...config, workers: affordableWorkers(config) };
}

export interface DescriptorPlan {
  readonly maxConnections: number;
  /** Bodies and answers that can be in files at the same time. */
  readonly maxSpoolFiles: number;
  /** At the admin address, and as many at the control socket. */
  readonly maxAdminConnections: number;
}

/** Whoever looks at a server, steers or scrapes it: few, but for those who watch its events. */
const ADMIN_CONNECTIONS = 48;
const LEAST_ADMIN_CONNECTIONS = 2;
const ADMIN_SHARE = 0.05;
/** The admin address and the control socket. */
const ADMIN_ADDRESSES = 2;

/** With fewer a server cannot even be looked at. */
const LEAST_CONNECTIONS = 8;
const LEAST_SPOOL_FILES = 2;
/** Of what there is, this share is for connections where they cannot all have what they want; a third of them may spool then. */
const CONNECTION_SHARE = 0.75;

export function planDescriptors(wanted: number, limit: number, channels: number): DescriptorPlan {
  const unreserved = limit - reservedDescriptors(channels);
  const adminShare = Math.max(LEAST_ADMIN_CONNECTIONS, Math.floor(unreserved * ADMIN_SHARE));
  const maxAdminConnections = Math.min(ADMIN_CONNECTIONS, adminShare);
  const free = unreserved - ADMIN_ADDRESSES * maxAdminConnections;
  const share = Math.max(LEAST_CONNECTIONS, Math.floor(free * CONNECTION_SHARE));
  const maxConnections = Math.min(wanted, share);
  const maxSpoolFiles = Math.max(LEAST_SPOOL_FILES, free - maxConnections);
  return { maxConnections, maxSpoolFiles, maxAdminConnections };
}

/** What to say of a limit that is too low for --max-connections; undefined if it is not. */
export function limitAdvice(wanted: number, limit: number, channels: number): string | undefined {
  const { maxConnections } = planDescriptors(wanted, limit, channels);
  if (maxConnections >= wanted) return undefined;
  const reserved = reservedDescriptors(channels) + ADMIN_ADDRESSES * ADMIN_CONNECTIONS;
  const needed = reserved + Math.ceil(wanted / CONNECTION_SHARE);
  const what = `at most ${maxConnections} connections at once: this process may have ${limit} open files`;
  return `${what}; ${wanted} connections (--max-connections) need ulimit -Hn ${needed}`;
}

/** Of the configuration: who wants some. */
type Consumers = Pick<Config, "maxConnections" | "workers" | "threads">;

/** The plan of a server that runs. */
export class Descriptors {
  readonly #config: Consumers;
  readonly #limit: number;
  #channels = 0;
  #plan: DescriptorPlan;

  constructor(config: Consumers, limit: number = descriptorLimit()) {
    this.#config = config;
    this.#limit = limit;
    this.#plan = this.#make();
  }

  get plan(): DescriptorPlan {
    return this.#plan;
  }

  /** What to say of a limit that is too low. */
  get advice(): string | undefined {
    return limitAdvice(this.#config.maxConnections, this.#limit, this.#channels);
  }

  /** The configuration has changed. */
  replan(log: Pick<Log, "warning">): void {
    const { maxConnections } = this.#plan;
    this.#plan = this.#make();
    if (this.#plan.maxConnections < maxConnections) log.warning(this.advice ?? "");
  }

  /** Where there were more workers, they may be there still. */
  #make(): DescriptorPlan {
    const { maxConnections, workers, threads } = this.#config;
    this.#channels = Math.max(this.#channels, workers.max * threads);
    return planDescriptors(maxConnections, this.#limit, this.#channels);
  }
}
