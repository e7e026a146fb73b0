// The memory in which large bodies lie for the workers of one zygote (docs/protocol.md section 6): slots that the front reads clients into, or
// copies bodies to, and that all its workers have mapped for reading. A slot is free when nobody needs its body and no worker reads in it.

import { closeSync, fstatSync, openSync, writevSync } from "node:fs";
import type { SharedSlot, StoredBody } from "../../core/http/exchange.ts";
import { FreeList } from "../net/free-list.ts";
import type { Libc } from "../sockets/libc.ts";
import { MappedMemory } from "./mapped-memory.ts";

export const SLOT_BYTES = 2 ** 20;
/** So many keep the memory that they have used; that of others goes back to the system when nobody has needed them for a while. */
const ALWAYS_KEPT = 2;
/** At once: each takes the system up to a millisecond, in which nothing else is done. */
const MOST_GIVEN_BACK = 4;
/** This share stays for bodies that are here already: clients may take as long as they like. */
const SHARE_OF_WHOLE = 1 / 4;

export class BodyMemory {
  readonly #descriptor: number;
  readonly #mapped: MappedMemory | undefined;
  readonly #keptForWhole: number;
  /** Without memory of their own yet, or again. */
  readonly #fresh: BodySlot[];
  readonly #used: FreeList<BodySlot>;
  #inUse = 0;
  #isRetired = false;
  #isClosed = false;

  private constructor(descriptor: number, count: number, mapped: MappedMemory | undefined) {
    this.#descriptor = descriptor;
    this.#mapped = mapped;
    this.#keptForWhole = count * SHARE_OF_WHOLE;
    this.#fresh = Array.from({ length: count }, (_, index) => new BodySlot(this, index, mapped));
    const alwaysFree = mapped === undefined ? Infinity : ALWAYS_KEPT;
    const discard = (slot: BodySlot): void => {
      mapped?.giveBack(slot.start, SLOT_BYTES);
      this.#fresh.push(slot);
    };
    this.#used = new FreeList({ alwaysFree, discard, mostAtOnce: MOST_GIVEN_BACK });
  }

  /** Undefined where a process cannot open what another has: then bodies go through the socket. Without `libc` they are copied there at the end. */
  static open(
    zygotePid: number,
    descriptor: number,
    libc: Libc | undefined,
  ): BodyMemory | undefined {
    try {
      const own = openSync(`/proc/${zygotePid}/fd/${descriptor}`, "r+");
      const count = Math.floor(fstatSync(own).size / SLOT_BYTES);
      const mapped = libc && MappedMemory.map(libc, own, 0, count * SLOT_BYTES);
      return new BodyMemory(own, count, mapped);
    } catch {
      return undefined; // Not Linux, another user's process, or no descriptor left.
    }
  }

  /** For a body that is still to come. Undefined where it cannot be written to, or too few are left. */
  take(): SharedSlot | undefined {
    return this.#mapped === undefined ? undefined : this.#take(this.#keptForWhole);
  }

  /** For a worker that is sent this body: where all of it lies, until that worker reads there no more. Undefined: it must go another way. */
  lend(body: StoredBody): BodySlot | undefined {
    const { slot: its } = body;
    if (its instanceof BodySlot && its.memory === this) return its.hold();
    if (body.length > SLOT_BYTES) return undefined;
    const slot = this.#take(0);
    if (slot === undefined || this.#copy(body, slot)) return slot;
    slot.letGo();
    return undefined;
  }

  /** Nobody tells any more when its workers are dead: no slot is used again, and what lies there stays. */
  retire(): void {
    this.#isRetired = true;
    this.#fresh.length = 0;
    this.#used.clear();
  }

  /** Of all slots. */
  get free(): number {
    return this.#fresh.length + this.#used.length;
  }

  /** None of its workers is left. What is still being read into stays until its connection has let it go. */
  close(): void {
    closeSync(this.#descriptor);
    this.retire();
    this.#isClosed = true;
    this.#letMemoryGo();
  }

  /** By the slot. */
  freed(slot: BodySlot): void {
    this.#inUse--;
    if (!this.#isRetired) this.#used.give(slot);
    else if (this.#isClosed) this.#letMemoryGo();
  }

  #take(left: number): BodySlot | undefined {
    if (this.#isRetired || this.free <= left) return undefined;
    const slot = this.#used.take() ?? this.#fresh.pop();
    if (slot !== undefined) this.#inUse++;
    return slot?.hold();
  }

  #copy({ pieces, length }: StoredBody, { start }: BodySlot): boolean {
    try {
      return writevSync(this.#descriptor, pieces, start) === length;
    } catch {
      return false; // No memory left.
    }
  }

  #letMemoryGo(): void {
    if (this.#inUse === 0) this.#mapped?.letGo();
  }
}

export class BodySlot implements SharedSlot {
  readonly memory: BodyMemory;
  /** From the start of the memory, in bytes. */
  readonly start: number;
  readonly bytes: Buffer;
  #holds = 0;

  constructor(memory: BodyMemory, index: number, mapped: MappedMemory | undefined) {
    this.memory = memory;
    this.start = index * SLOT_BYTES;
    this.bytes = mapped ? Buffer.from(mapped.buffer, this.start, SLOT_BYTES) : Buffer.alloc(0);
  }

  /** Once more: until `letGo`. */
  hold(): this {
    this.#holds++;
    return this;
  }

  letGo(): void {
    if (--this.#holds === 0) this.memory.freed(this);
  }
}
