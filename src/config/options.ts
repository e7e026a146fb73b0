// THE option table: every option of the server, declared once. Types, flags, checks and help text come from it; the flag is the key
// without its unit (`requestTimeoutMs` is --request-timeout, since the value names its unit). Knows nothing of files or arguments.

import { ADMIN_OPTIONS } from "./admin-options.ts";
import { DEVELOPMENT_OPTIONS } from "./development-options.ts";
import { choice, count, duration, path, size, type WorkerRange, workerRange } from "./kinds.ts";
import { defaultBufferMemory, defaultWorkers } from "./machine-defaults.ts";
import { LOG_OPTIONS } from "./log-options.ts";
import { NETWORK_OPTIONS } from "./network-options.ts";
import { PROCESS_OPTIONS } from "./process-options.ts";
import { type Option, option, type Source } from "./option.ts";
import { PRIVILEGE_OPTIONS } from "./privilege-options.ts";

/** The most that a peer can make the server hold of one head, whatever is asked for. */
const HEAD_CEILING = 2 ** 20;
/** A body that is held in memory travels in one frame, and a frame has at most 1 GiB (docs/protocol.md). */
const MEMORY_CEILING = 2 ** 29;

export const OPTIONS = {
  ...PROCESS_OPTIONS,
  ...NETWORK_OPTIONS,
  ...LOG_OPTIONS,
  ...ADMIN_OPTIONS,
  ...PRIVILEGE_OPTIONS,
  ...DEVELOPMENT_OPTIONS,
  workers: option<WorkerRange>({
    kind: workerRange({ min: 1, max: 1024 }),
    group: "workers",
    reload: "workers",
    short: "w",
    compute: defaultWorkers,
    computed: "1 to 8 a core, at most 32, by memory",
    help: "processes",
  }),
  workerIdleTimeoutMs: option({
    kind: duration(),
    group: "workers",
    reload: "workers",
    default: 60_000,
    help: "a worker above MIN that was idle for so long goes",
  }),
  threads: option({
    kind: count({ min: 1, max: 256 }),
    group: "workers",
    default: 1,
    help: "requests that a worker runs at the same time",
  }),
  python: option<string>({
    kind: path,
    group: "workers",
    reload: "workers",
    compute: ({ findPython }) => findPython(),
    computed: "pip's, venv, .venv, python3",
    help: "Python interpreter",
  }),
  preload: option<"auto" | "on" | "off">({
    kind: choice("auto", "on", "off"),
    group: "workers",
    reload: "workers",
    default: "auto",
    help: "import once, before forking (auto: unless that is unsafe)",
  }),
  batchScheduling: option<"auto" | "off">({
    kind: choice("auto", "off"),
    group: "workers",
    default: "auto",
    help: "schedule the front as a batch process under load (Linux)",
  }),
  maxRequests: option({
    kind: count({ min: 1, zeroIsOff: true }),
    group: "workers",
    reload: "workers",
    default: 0,
    help: "replace a worker after so many requests; 0 is off",
  }),
  maxRequestsJitter: option({
    kind: count({ min: 0 }),
    group: "workers",
    reload: "workers",
    default: 0,
    help: "up to so many requests more, at random for each worker",
  }),
  maxMemoryBytes: option({
    kind: size({ min: 2 ** 20, zeroIsOff: true }),
    group: "workers",
    reload: "workers",
    default: 0,
    help: "replace a worker that has grown to this (PSS); 0 is off",
  }),
  maxAgeMs: option({
    kind: duration({ zeroIsOff: true }),
    group: "workers",
    reload: "workers",
    default: 0,
    help: "replace a worker that has served for so long; 0 is off",
  }),
  maxReplacing: option({
    kind: count({ min: 1, max: 1024 }),
    group: "workers",
    reload: "workers",
    default: 1,
    help: "so many at a time, above the maximum of --workers if need be",
  }),
  headTimeoutMs: option({
    kind: duration(),
    group: "times",
    reload: "now",
    default: 15_000,
    help: "a request head must be whole after this",
  }),
  bodyTimeoutMs: option({
    kind: duration(),
    group: "times",
    reload: "now",
    default: 30_000,
    help: "longest silence within a request body",
  }),
  bodyMinRateBytesPerSecond: option({
    kind: size({ zeroIsOff: true, max: 2 ** 30 }),
    group: "times",
    reload: "now",
    default: 500,
    help: "slowest request body, bytes a second; 0 is off",
  }),
  sendTimeoutMs: option({
    kind: duration(),
    group: "times",
    reload: "connections",
    default: 60_000,
    help: "longest time in which a client takes nothing of its answer",
  }),
  keepAliveTimeoutMs: option({
    kind: duration(),
    group: "times",
    reload: "now",
    default: 75_000,
    help: "how long an idle connection stays open",
  }),
  queueTimeoutMs: option({
    kind: duration(),
    group: "times",
    reload: "now",
    default: 10_000,
    help: "longest wait for a worker; then 503",
  }),
  requestTimeoutMs: option({
    kind: duration({ zeroIsOff: true }),
    group: "times",
    reload: "now",
    default: 30_000,
    help: "application's silence before 504; 0 is off",
  }),
  requestTotalTimeoutMs: option({
    kind: duration({ zeroIsOff: true }),
    group: "times",
    reload: "now",
    default: 0,
    help: "longest run of the application in all; 0 is off",
  }),
  gracefulTimeoutMs: option({
    kind: duration({ min: 0 }),
    group: "times",
    reload: "now",
    default: 25_000,
    help: "how long running requests may finish at the end",
  }),
  drainDelayMs: option({
    kind: duration({ min: 0 }),
    group: "times",
    reload: "now",
    default: 0,
    help: "at the end, accepting goes on for this long",
  }),
  drainIdleMs: option({
    kind: duration({ min: 0 }),
    group: "times",
    reload: "now",
    default: 1000,
    help: "at the end, idle connections stay for this long",
  }),
  startTimeoutMs: option({
    kind: duration(),
    group: "times",
    reload: "now",
    default: 60_000,
    help: "how long the application may take to import",
  }),
  queueLength: option<number>({
    kind: count({ min: 1, max: 10_000_000 }),
    group: "limits",
    reload: "now",
    compute: ({ maxWorkers }) => 100 * maxWorkers,
    computed: "100 a worker",
    help: "requests that may wait for a worker; then 503",
  }),
  maxRequestLineBytes: option({
    kind: size({ min: 64, max: HEAD_CEILING }),
    group: "limits",
    reload: "connections",
    default: 8 * 2 ** 10,
    help: "request line; above: 414",
  }),
  maxFieldBytes: option({
    kind: size({ min: 64, max: HEAD_CEILING }),
    group: "limits",
    reload: "connections",
    default: 16 * 2 ** 10,
    help: "one header field; above: 431",
  }),
  maxHeadBytes: option({
    kind: size({ min: 256, max: HEAD_CEILING }),
    group: "limits",
    reload: "connections",
    default: 32 * 2 ** 10,
    help: "request line and header fields together; above: 431",
  }),
  maxFields: option({
    kind: count({ min: 1, max: 10_000 }),
    group: "limits",
    reload: "connections",
    default: 100,
    help: "header fields of a request; above: 431",
  }),
  maxBodyBytes: option({
    kind: size(),
    group: "limits",
    reload: "connections",
    default: 64 * 2 ** 20,
    help: "request body; above: 413",
  }),
  bodyMemoryBytes: option({
    kind: size({ min: 0, max: MEMORY_CEILING }),
    group: "limits",
    reload: "now",
    default: 2 ** 20,
    help: "of a request body in memory; the rest goes to a file",
  }),
  responseMemoryBytes: option({
    kind: size({ min: 2 ** 10, max: MEMORY_CEILING }),
    group: "limits",
    reload: "connections",
    default: 2 ** 20,
    help: "of an answer in memory, for a slow reader; then a file",
  }),
  responseFileBytes: option({
    kind: size({ min: 0 }),
    group: "limits",
    reload: "connections",
    default: 256 * 2 ** 20,
    help: "of an answer in a file (0: none); then the worker waits",
  }),
  bufferMemoryBytes: option<number>({
    kind: size({ min: 2 ** 20 }),
    group: "limits",
    reload: "now",
    compute: defaultBufferMemory,
    computed: "256MiB or 1/4 of memory",
    help: "bodies and answers in memory together",
  }),
  tempDiskBytes: option({
    kind: size({ min: 0 }),
    group: "limits",
    reload: "now",
    default: 10 * 2 ** 30,
    help: "all bodies and answers in files together",
  }),
};

type ValueOf<O> = O extends Option<infer T> ? T : never;

export type OptionName = keyof typeof OPTIONS;

/** Every option's value, checked. */
export type OptionValues = { readonly [Name in OptionName]: ValueOf<(typeof OPTIONS)[Name]> };

/** What the server runs by. A reload puts new values into the one that was made at the start. */
export interface Config extends OptionValues {
  /** The soft limit of file descriptors before Node raised it, for the zygote to restore; null where the launcher did not tell. */
  readonly softFileLimit: number | null;
  /** Absolute; null where none was read. */
  readonly configFile: string | null;
  /** The user has nothing against colours on a terminal (NO_COLOR, TERM). */
  readonly mayColour: boolean;
}

export const OPTION_NAMES: readonly OptionName[] = Object.keys(OPTIONS).filter(isOptionName);

function isOptionName(name: string): name is OptionName {
  return Object.hasOwn(OPTIONS, name);
}

/** `maxBodyBytes` is `--max-body`. */
export function flagOf(name: OptionName): string {
  return `--${keyOf(name)}`;
}

/** `maxBodyBytes` is `max-body` in the configuration file. */
export function keyOf(name: OptionName): string {
  const withoutUnit = name.replace(/(?:BytesPerSecond|Bytes|Ms)$/, "");
  return withoutUnit.replaceAll(/[A-Z]/g, (capital) => `-${capital.toLowerCase()}`);
}

/** `maxBodyBytes` is `RICKHOUSE_MAX_BODY` in the environment. */
export function variableOf(name: OptionName): string {
  return `RICKHOUSE_${keyOf(name).toUpperCase().replaceAll("-", "_")}`;
}

export function mayStandIn(name: OptionName, source: Source): boolean {
  const { sources }: Option<unknown> = OPTIONS[name];
  return sources === undefined || sources.includes(source);
}
