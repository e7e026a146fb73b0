// io_uring(7) for one thing: many calls of send(2) in one system call. None of them waits, so all are done when `submit` returns. The two rings
// are memory that the kernel shares: queue entries are written here, results read here. Linux 6.1 and newer.

import { constants } from "node:os";
import type { Libc } from "./libc.ts";

/** Words (32 bits) of `struct io_uring_params`, and where in it the two rings tell their offsets. */
const PARAMS_WORDS = 30;
const ENTRIES_AT = 0;
const RESULTS_AT = 1;
const FLAGS_AT = 2;
const QUEUE_OFFSETS_AT = 10;
const RESULT_OFFSETS_AT = 20;
/** In `struct io_sqring_offsets` and `io_cqring_offsets`. */
const TAIL = 1;
const HEAD = 0;
const QUEUE_ARRAY = 6;
const RESULT_ENTRIES = 5;

/** All entries are tried, whatever becomes of one. */
const SETUP_SUBMIT_ALL = 1 << 7;
/** One thread alone submits, and work is done when it asks for results: what the kernel need not guard against. */
const SETUP_SINGLE_ISSUER = 1 << 12;
const SETUP_DEFER_TASKRUN = 1 << 13;
const ENTER_GETEVENTS = 1;
const QUEUE_ENTRIES_OFFSET = 0x1000_0000;

const PROT_READ_WRITE = 3;
const MAP_SHARED_POPULATE = 0x8001;

const WORD_BYTES = 4;
/** `struct io_uring_sqe` and `io_uring_cqe`. */
const ENTRY_WORDS = 16;
const RESULT_WORDS = 4;
const OP_SEND = 26;
const TWO_32 = 2 ** 32;
/** Of an entry without a result nobody knows what was sent, so nothing more can be. */
const NO_RESULT = -constants.errno.ECONNABORTED;

export class SubmissionRing {
  readonly #libc: Libc;
  readonly #descriptor: number;
  readonly #rings: Uint32Array;
  readonly #entries: Int32Array;
  readonly #mask: number;
  readonly #tailAt: number;
  readonly #resultHeadAt: number;
  readonly #resultTailAt: number;
  readonly #resultsAt: number;
  readonly #resultMask: number;
  readonly #results: Int32Array;
  #tail = 0;
  #count = 0;

  /** Undefined where the kernel is older, or does not allow it (seccomp, `kernel.io_uring_disabled`). `size`: a power of 2. */
  static open(libc: Libc, size: number): SubmissionRing | undefined {
    const params = new Uint32Array(PARAMS_WORDS);
    params[FLAGS_AT] = SETUP_SUBMIT_ALL | SETUP_SINGLE_ISSUER | SETUP_DEFER_TASKRUN;
    const descriptor = libc.ioUringSetup(size, new Uint8Array(params.buffer));
    if (descriptor < 0) return undefined;
    const word = (at: number): number => params[at] ?? 0;
    const queueBytes = word(QUEUE_OFFSETS_AT + QUEUE_ARRAY) + word(ENTRIES_AT) * WORD_BYTES;
    const resultBytes =
      word(RESULT_OFFSETS_AT + RESULT_ENTRIES) + word(RESULTS_AT) * RESULT_WORDS * WORD_BYTES;
    // Both rings lie in one mapping since Linux 5.4.
    const rings = map(libc, descriptor, 0, Math.max(queueBytes, resultBytes));
    const entriesBytes = word(ENTRIES_AT) * ENTRY_WORDS * WORD_BYTES;
    const entries = map(libc, descriptor, QUEUE_ENTRIES_OFFSET, entriesBytes);
    if (rings !== undefined && entries !== undefined) {
      return new SubmissionRing(libc, descriptor, { params, rings, entries });
    }
    libc.close(descriptor);
    return undefined;
  }

  private constructor(
    libc: Libc,
    descriptor: number,
    memory: { params: Uint32Array; rings: ArrayBuffer; entries: ArrayBuffer },
  ) {
    const word = (at: number): number => memory.params[at] ?? 0;
    const place = (at: number): number => word(at) / WORD_BYTES;
    this.#libc = libc;
    this.#descriptor = descriptor;
    this.#rings = new Uint32Array(memory.rings);
    this.#entries = new Int32Array(memory.entries);
    this.#mask = word(ENTRIES_AT) - 1;
    this.#resultMask = word(RESULTS_AT) - 1;
    this.#tailAt = place(QUEUE_OFFSETS_AT + TAIL);
    this.#resultHeadAt = place(RESULT_OFFSETS_AT + HEAD);
    this.#resultTailAt = place(RESULT_OFFSETS_AT + TAIL);
    this.#resultsAt = place(RESULT_OFFSETS_AT + RESULT_ENTRIES);
    this.#results = new Int32Array(word(ENTRIES_AT));
    // Entries are used in their order, round and round.
    const array = place(QUEUE_OFFSETS_AT + QUEUE_ARRAY);
    for (let index = 0; index <= this.#mask; index++) this.#rings[array + index] = index;
  }

  /** Send `length` bytes at `address` with `flags`, of which MSG_DONTWAIT must be one. At most `size` before the next `submit`. */
  addSend(fd: number, address: number, length: number, flags: number): void {
    const entries = this.#entries;
    const at = (this.#tail & this.#mask) * ENTRY_WORDS;
    // All other words are 0: nothing else was ever written there.
    entries[at] = OP_SEND;
    entries[at + 1] = fd;
    entries[at + 4] = address % TWO_32;
    entries[at + 5] = Math.floor(address / TWO_32);
    entries[at + 6] = length;
    entries[at + 7] = flags;
    entries[at + 8] = this.#count;
    this.#results[this.#count] = NO_RESULT;
    this.#tail = (this.#tail + 1) >>> 0;
    this.#count++;
  }

  /** Does all that was added. Returns how many of it were tried: fewer than were added only when the kernel refuses the call itself. */
  submit(): number {
    const count = this.#count;
    this.#count = 0;
    this.#rings[this.#tailAt] = this.#tail;
    const done = this.#libc.ioUringEnter(this.#descriptor, count, count, ENTER_GETEVENTS);
    this.#collect();
    return Math.max(done, 0);
  }

  /** Of what was added as number `index`, from 0 on: how many bytes the kernel took, or why it did not (negative). */
  result(index: number): number {
    return this.#results[index] ?? 0;
  }

  close(): void {
    this.#libc.close(this.#descriptor);
  }

  #collect(): void {
    const rings = this.#rings;
    const tail = rings[this.#resultTailAt] ?? 0;
    let head = rings[this.#resultHeadAt] ?? 0;
    for (; head !== tail; head = (head + 1) >>> 0) {
      const at = this.#resultsAt + (head & this.#resultMask) * RESULT_WORDS;
      this.#results[rings[at] ?? 0] = rings[at + 2] ?? 0;
    }
    rings[this.#resultHeadAt] = head;
  }
}

/** For the rest of the process's life. Undefined if there is no memory for it. */
function map(libc: Libc, fd: number, offset: number, length: number): ArrayBuffer | undefined {
  const address = libc.mmap(0, length, PROT_READ_WRITE, MAP_SHARED_POPULATE, fd, offset);
  return address === -1 ? undefined : libc.view(address, length);
}
