// The memory in which large bodies lie for the workers of one zygote (docs/protocol.md section 6): copied there once, instead of through
// a socket that its reader has to empty again and again. Made by the zygote, written here, mapped by the workers for reading.

import { closeSync, openSync, writevSync } from "node:fs";

/** Of one worker thread. */
export const SLOT_BYTES = 2 ** 20;

export class BodyMemory {
  readonly #descriptor: number;
  readonly #threads: number;
  readonly #slots = new Map<number, BodySlot>();

  private constructor(descriptor: number, threads: number) {
    this.#descriptor = descriptor;
    this.#threads = threads;
  }

  /** Undefined where a process cannot open what another has: then bodies go through the socket. */
  static open(zygotePid: number, descriptor: number, threads: number): BodyMemory | undefined {
    try {
      return new BodyMemory(openSync(`/proc/${zygotePid}/fd/${descriptor}`, "r+"), threads);
    } catch {
      return undefined; // Not Linux, another user's process, or no descriptor left.
    }
  }

  /** For a worker that was given this place. Who had it before is dead, and nothing more is written for it. */
  claim(slot: number, thread: number): BodySlot {
    const index = slot * this.#threads + thread;
    this.#slots.get(index)?.revoke();
    const claimed = new BodySlot(this.#descriptor, index * SLOT_BYTES);
    this.#slots.set(index, claimed);
    return claimed;
  }

  /** No slot can be written any more. */
  close(): void {
    for (const slot of this.#slots.values()) slot.revoke();
    this.#slots.clear();
    closeSync(this.#descriptor);
  }
}

/** One worker thread's part of the memory. */
export class BodySlot {
  readonly #descriptor: number;
  readonly #start: number;
  #isRevoked = false;
  #used = 0;

  constructor(descriptor: number, start: number) {
    this.#descriptor = descriptor;
    this.#start = start;
  }

  revoke(): void {
    this.#isRevoked = true;
  }

  /**
   * Copies a body of `length` bytes here. `isFree`: the worker has nothing in hand that lies here. Returns where it lies, from the start
   * of the slot; -1 when it has to go another way.
   */
  put(pieces: readonly Uint8Array[], length: number, isFree: boolean): number {
    const at = isFree ? 0 : this.#used;
    if (this.#isRevoked || at + length > SLOT_BYTES) return -1;
    try {
      if (writevSync(this.#descriptor, pieces, this.#start + at) !== length) return -1;
    } catch {
      return -1; // No memory left.
    }
    this.#used = at + length;
    return at;
  }
}
