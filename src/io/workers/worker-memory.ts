// What a worker leaves behind in memory, and how the front gets at it: by a report of its zygote, or, once that is lost, by itself.

import type { Ledger } from "../../core/workers/ledger.ts";
import type { ControlReport } from "./control-messages.ts";
import type { SharedMemory } from "./shared-memory.ts";
import type { WorkerChannel } from "./worker-channel.ts";
import { ledgerOf, type WorkerRecord } from "./worker-record.ts";

/** The zygote has looked into an outbox. */
export function takeAnswers(
  records: ReadonlyMap<number, WorkerRecord>,
  report: Extract<ControlReport, { type: "answers" }>,
): void {
  const channel = records.get(report.worker)?.channels[report.thread];
  channel?.takeOutbox(report.base, Buffer.from(report.bytes, "base64"));
}

/** Its zygote has told where in its memory it is. */
export function noteSlot(
  record: WorkerRecord | undefined,
  slot: number,
  memory: SharedMemory | undefined,
): void {
  if (record === undefined) return;
  record.slot = slot;
  record.memory = memory?.retain();
  const { answers } = memory ?? {};
  const threads = [...record.channels.keys()];
  if (answers !== undefined) record.answerSlots = threads.map((each) => answers.claim(slot, each));
  for (const thread of threads) giveSlots(record, thread);
}

/** Both must be known: where its memory is, and its channel. */
export function giveSlots(record: WorkerRecord, thread: number): void {
  const channel = record.channels[thread];
  if (channel === undefined) return;
  channel.bodyMemory = record.memory?.bodies;
  channel.answerSlots = record.answerSlots[thread];
}

/** Its channels were read to their ends. */
export function forgetMemory(record: WorkerRecord): void {
  for (const slots of record.answerSlots) slots?.close();
  record.answerSlots = [];
  record.memory?.release();
  record.memory = undefined;
}

/**
 * The last word on what this thread, which is gone, had started: its zygote's, or, once that is lost, its memory's, which then also
 * has the answers that were still in the outbox. Undefined if nobody can tell. It reads no bodies any more.
 */
export function lastWordOf(
  record: WorkerRecord,
  thread: number,
  channel: WorkerChannel,
): Ledger | undefined {
  channel.takeBodiesBack(Infinity);
  const told = ledgerOf(record, thread);
  if (told !== undefined) return told;
  const left = record.memory?.read(record.slot, thread);
  if (left !== undefined) channel.takeOutbox(left.base, left.answers);
  return left?.ledger;
}
