// What the front keeps of one worker process: its tokens, its channels, how it ended. Facts only.

import { randomBytes } from "node:crypto";
import type { DeathCause } from "../../core/dispatch/death.ts";
import type { Death } from "../../core/metrics/history.ts";
import type { Service } from "../../core/workers/recycling.ts";
import type { Ledger } from "../../core/workers/ledger.ts";
import type { AnswerSlots } from "./answer-memory.ts";
import type { SharedMemory } from "./shared-memory.ts";
import type { LedgerWords } from "./control-messages.ts";
import { countOomKills } from "./oom-kills.ts";
import type { WorkerChannel } from "./worker-channel.ts";

export interface WorkerExit {
  readonly status: number | null;
  readonly signal: string | null;
  readonly ledger: readonly LedgerWords[];
}

export interface WorkerRecord {
  readonly worker: number;
  readonly generation: number;
  /** One per thread, hexadecimal; emptied when used. */
  readonly tokens: string[];
  /** By thread; undefined before HELLO and after the channel's end was dealt with. */
  readonly channels: (WorkerChannel | undefined)[];
  pid: number | undefined;
  /** From its first HELLO on. */
  service: Service | undefined;
  /** Its place in the memory below. */
  slot: number;
  /** What its zygote shares with it; undefined before the fork is known, and where the front cannot read it. */
  memory: SharedMemory | undefined;
  /** By thread: where it leaves large pieces of answers. Empty, or undefined, where that cannot be done. */
  answerSlots: readonly (AnswerSlots | undefined)[];
  exit: WorkerExit | undefined;
  /** What the figures keep of its end; undefined while it lives, and when it was asked to go. */
  death: Death | undefined;
  /** Processor time that was seen of it; 0 before its zygote is lost. */
  cpuSeconds: number;
  /** A request time-out struck. */
  isTimedOut: boolean;
  /** Processes that the kernel had killed for want of memory when this one was forked. */
  readonly oomKillsBefore: number;
  /** The kernel killed it, and has killed for want of memory while it lived. */
  isOutOfMemory: boolean;
  /** Its exit is known to the registry. */
  isReported: boolean;
  /** What the log says of its end, until it is known whether it was running something. */
  endNote: string;
}

/** 128 bits from the system's generator (design section 2). */
export function newWorkerRecord(worker: number, generation: number, threads: number): WorkerRecord {
  return {
    worker,
    generation,
    tokens: Array.from({ length: threads }, () => randomBytes(16).toString("hex")),
    channels: Array.from({ length: threads }),
    pid: undefined,
    service: undefined,
    slot: 0,
    memory: undefined,
    answerSlots: [],
    exit: undefined,
    death: undefined,
    cpuSeconds: 0,
    isTimedOut: false,
    oomKillsBefore: countOomKills(),
    isOutOfMemory: false,
    isReported: false,
    endNote: "",
  };
}

/** `SIGSEGV`, or `exit status 1`. */
export function describeExit(exit: WorkerExit | undefined): string {
  if (exit === undefined) return "the loss of its zygote";
  return exit.signal ?? `exit status ${exit.status ?? 0}`;
}

/** Why its request may not be repeated. */
export function deathCauseOf({ isTimedOut, isOutOfMemory }: WorkerRecord): DeathCause {
  if (isTimedOut) return "timeout";
  return isOutOfMemory ? "memory" : "exit";
}

/** Whose thread this channel is. */
export function recordOf(
  records: Iterable<WorkerRecord>,
  channel: WorkerChannel,
): { readonly record: WorkerRecord; readonly thread: number } | undefined {
  for (const record of records) {
    const thread = record.channels.indexOf(channel);
    if (thread !== -1) return { record, thread };
  }
  return undefined;
}

/** The channels that serve, or are read to their end. */
export function admittedOf(record: WorkerRecord | undefined): WorkerChannel[] {
  return (record?.channels ?? []).filter((channel) => channel !== undefined);
}

/** Whether a worker, by its number, holds requests. */
export function busyAmong(records: ReadonlyMap<number, WorkerRecord>): (worker: number) => boolean {
  return (worker) =>
    records.get(worker)?.channels.some((each) => (each?.channel?.inHand ?? 0) > 0) === true;
}

/** The zygote's last word on this thread; undefined without an exit report. */
export function ledgerOf({ exit }: WorkerRecord, thread: number): Ledger | undefined {
  const words = exit?.ledger[thread];
  if (words === undefined) return undefined;
  const [started, withdrawnTo, exempt] = words;
  return { started, withdrawnTo, exempt };
}
