// The memory that a zygote shares with its workers (docs/protocol.md sections 3 and 4), read by the front itself: once a zygote
// is lost, nobody else can tell what its workers had started and finished. Never written here. Also keeps the memories for large bodies
// and for large pieces of answers.

import { closeSync, openSync, readSync } from "node:fs";
import type { Ledger } from "../../core/workers/ledger.ts";
import { readU64 } from "../../core/wire/frame.ts";
import type { Libc } from "../sockets/libc.ts";
import { AnswerMemory } from "./answer-memory.ts";
import { BodyMemory } from "./body-memory.ts";

const WORD_BYTES = 8;
const CELL_BYTES = 5 * WORD_BYTES;
const OUTBOX_BYTES = 32 * 1024;

/** As the zygote's `loaded` tells it. */
export interface MemoryPlace {
  /** Of the zygote. */
  readonly descriptor: number;
  readonly outboxesAt: number;
  /** Of the zygote: the memory for large bodies; -1 if there is none. */
  readonly bodies: number;
  /** Of the zygote: the memory for answers; -1 if there is none. */
  readonly answers: number;
}

/** What one worker thread left behind. */
export interface LastWords {
  readonly ledger: Ledger;
  /** Of the first byte of `answers`, in the channel. */
  readonly base: number;
  readonly answers: Uint8Array;
}

export class SharedMemory {
  /** Where large bodies can be left; undefined if nowhere. */
  readonly bodies: BodyMemory | undefined;
  /** Where large pieces of answers are left by workers; undefined if nowhere. */
  readonly answers: AnswerMemory | undefined;
  readonly #descriptor: number;
  readonly #outboxesAt: number;
  readonly #threads: number;
  #users = 1;

  private constructor(
    descriptor: number,
    outboxesAt: number,
    threads: number,
    bodies: BodyMemory | undefined,
    answers: AnswerMemory | undefined,
  ) {
    this.#descriptor = descriptor;
    this.#outboxesAt = outboxesAt;
    this.#threads = threads;
    this.bodies = bodies;
    this.answers = answers;
  }

  /** Undefined where a process cannot open what another has: then a lost zygote takes the knowledge with it. `libc` undefined: it cannot be mapped. */
  static open(
    zygotePid: number,
    { descriptor, outboxesAt, bodies, answers }: MemoryPlace,
    threads: number,
    libc?: Libc,
  ): SharedMemory | undefined {
    try {
      const own = openSync(`/proc/${zygotePid}/fd/${descriptor}`, "r");
      return new SharedMemory(
        own,
        outboxesAt,
        threads,
        BodyMemory.open(zygotePid, bodies, libc),
        libc && AnswerMemory.open(libc, zygotePid, answers, threads),
      );
    } catch {
      return undefined; // Not Linux, another user's process, or no descriptor left.
    }
  }

  /** One user more: each calls `release`, and the last one closes it. */
  retain(): this {
    this.#users++;
    return this;
  }

  release(): void {
    this.#users--;
    if (this.#users > 0) return;
    closeSync(this.#descriptor);
    this.bodies?.close();
    this.answers?.close();
  }

  /** The worker must be dead. `slot` is its place, as the zygote's `forked` tells it. */
  read(slot: number, thread: number): LastWords {
    const index = slot * this.#threads + thread;
    const cell = this.#bytes(index * CELL_BYTES, CELL_BYTES);
    const [started = 0, withdrawnTo = 0, exempt = 0, base = 0, written = 0] = Array.from(
      { length: 5 },
      (_, word) => readU64(cell, word * WORD_BYTES),
    );
    // More than fits is the work of a stray pointer.
    const size = written > base && written - base <= OUTBOX_BYTES ? written - base : 0;
    const answers = this.#bytes(this.#outboxesAt + index * OUTBOX_BYTES, size);
    return { ledger: { started, withdrawnTo, exempt }, base, answers };
  }

  #bytes(at: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    readSync(this.#descriptor, bytes, 0, length, at);
    return bytes;
  }
}
