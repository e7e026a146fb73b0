// One worker thread's place in the memory for answers (docs/protocol.md section 7): two slots, and of each a word that says whether it is
// free. Workers come and go, the place stays: here is known who may still speak of a slot, and who reads in it.

import type { MappedMemory } from "./mapped-memory.ts";

export const SLOT_BYTES = 2 ** 20;
const SLOTS = 2;
const WORDS_AT = SLOTS * SLOT_BYTES;
/** The words behind the slots have the rest: what is mapped begins at a page, and those of some machines have 64 KiB. */
export const PLACE_STRIDE = WORDS_AT + 64 * 1024;

/** Set by the front alone, when nothing reads in the slot. */
const FREE = 0;
/** Set by the worker alone, when the piece is there and before it is told. */
const TAKEN = 1;

/** Whoever the place was given to. */
export interface Tenant {
  /** Nothing that it said is unread. */
  readonly isOver: boolean;
}

export class AnswerPlace {
  readonly #memory: MappedMemory;
  readonly #bytes: Uint8Array;
  readonly #words: Int32Array;
  readonly #slots: readonly Slot[];
  #tenant: Tenant | undefined;
  #isClosed = false;

  constructor(memory: MappedMemory) {
    this.#memory = memory;
    this.#bytes = new Uint8Array(memory.buffer, 0, WORDS_AT);
    this.#words = new Int32Array(memory.buffer, WORDS_AT, SLOTS);
    this.#slots = Array.from({ length: SLOTS }, (_, index) => ({
      index,
      holds: 0,
      leftBy: undefined,
      letGo: () => {
        this.letGo(index);
      },
    }));
  }

  /** Who had it before is dead, but what it said last may still be unread: a slot that it has taken stays taken until then. */
  give(tenant: Tenant): void {
    for (const slot of this.#slots) {
      if (this.#isTaken(slot)) slot.leftBy ??= this.#tenant;
    }
    this.#tenant = tenant;
    this.sweep();
  }

  /**
   * `tenant` says that a piece lies there. Returns the slot, which is held, or -1: it can have none there. What it has not taken, a
   * successor may be writing to; what is held it has told before.
   */
  take(tenant: Tenant, start: number, length: number): number {
    const slot = this.#slots[Math.floor(start / SLOT_BYTES)];
    if (slot === undefined || (start % SLOT_BYTES) + length > SLOT_BYTES) return -1;
    if (this.#isClosed || slot.holds > 0 || (slot.leftBy ?? this.#tenant) !== tenant) return -1;
    if (!this.#isTaken(slot)) return -1;
    slot.holds = 1;
    return slot.index;
  }

  /**
   * `tenant` does nothing now, and all that it said was read: what it has taken it will never tell (an exception came in between). One that
   * is dead and does not seem so yet has a successor, whose slots these are.
   */
  reclaim(tenant: Tenant): void {
    // Asked before nearly every request: mostly this is all.
    if (this.#words[0] === FREE && this.#words[1] === FREE) return;
    if (tenant !== this.#tenant) return;
    for (const slot of this.#slots) {
      const isUnknown = slot.holds === 0 && slot.leftBy === undefined;
      if (isUnknown && this.#isTaken(slot)) this.#free(slot);
    }
  }

  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** Once more: until what this returns is called. */
  hold(index: number): () => void {
    const slot = this.#slots[index];
    if (slot === undefined) return nothing;
    slot.holds++;
    return slot.letGo;
  }

  letGo(index: number): void {
    const slot = this.#slots[index];
    if (slot === undefined || --slot.holds > 0) return;
    this.#free(slot);
    this.#letMemoryGo();
  }

  /** Frees what tenants had taken of which nobody will hear any more. */
  sweep(): void {
    for (const slot of this.#slots) {
      // The place may have no other tenant for long: the next worker gets another.
      const tenant = slot.leftBy ?? this.#tenant;
      if (slot.holds === 0 && tenant?.isOver === true && this.#isTaken(slot)) this.#free(slot);
    }
  }

  /** No tenant is left. What is held stays until it is let go. */
  close(): void {
    this.#isClosed = true;
    this.#letMemoryGo();
  }

  #isTaken({ index }: Slot): boolean {
    return Atomics.load(this.#words, index) === TAKEN;
  }

  #free(slot: Slot): void {
    slot.leftBy = undefined;
    Atomics.store(this.#words, slot.index, FREE);
  }

  #letMemoryGo(): void {
    if (this.#isClosed && this.#slots.every(({ holds }) => holds === 0)) this.#memory.letGo();
  }
}

interface Slot {
  readonly index: number;
  /** So many read in it. */
  holds: number;
  /** Who has taken it, if that is not the tenant of now. */
  leftBy: Tenant | undefined;
  /** One function for all holds. */
  readonly letGo: () => void;
}

function nothing(): void {}
