// The memory in which the workers of one zygote leave large pieces of answers (docs/protocol.md section 7): the front sends them to clients
// from there, and no socket has to be filled and emptied for them. Made by the zygote; each worker maps its own part, the front all of them.

import { closeSync, openSync } from "node:fs";
import type { PiecesInMemory } from "../../core/wire/frame-reader.ts";
import type { Libc } from "../sockets/libc.ts";
import { AnswerPlace, PLACE_STRIDE, type Tenant } from "./answer-place.ts";
import { MappedMemory } from "./mapped-memory.ts";

export class AnswerMemory {
  readonly #libc: Libc;
  readonly #descriptor: number;
  readonly #threads: number;
  readonly #places = new Map<number, AnswerPlace>();

  private constructor(libc: Libc, descriptor: number, threads: number) {
    this.#libc = libc;
    this.#descriptor = descriptor;
    this.#threads = threads;
  }

  /** Undefined where a process cannot open what another has: then answers come through the socket. */
  static open(
    libc: Libc,
    zygotePid: number,
    descriptor: number,
    threads: number,
  ): AnswerMemory | undefined {
    try {
      const own = openSync(`/proc/${zygotePid}/fd/${descriptor}`, "r+");
      return new AnswerMemory(libc, own, threads);
    } catch {
      return undefined; // Another user's process, no such memory, or no descriptor left.
    }
  }

  /** For a worker that was given this place. Who had it before is dead. Undefined if it cannot be mapped. */
  claim(slot: number, thread: number): AnswerSlots | undefined {
    const index = slot * this.#threads + thread;
    const place = this.#places.get(index) ?? this.#map(index);
    if (place === undefined) return undefined;
    this.#places.set(index, place);
    return new AnswerSlots(place);
  }

  /** Its workers are no more, and all that they said was read. What clients are still being sent stays until they have it. */
  close(): void {
    closeSync(this.#descriptor);
    for (const place of this.#places.values()) place.close();
    this.#places.clear();
  }

  #map(index: number): AnswerPlace | undefined {
    const at = index * PLACE_STRIDE;
    const memory = MappedMemory.map(this.#libc, this.#descriptor, at, PLACE_STRIDE);
    return memory === undefined ? undefined : new AnswerPlace(memory);
  }
}

/** What one worker thread leaves there. */
export class AnswerSlots implements PiecesInMemory, Tenant {
  readonly #place: AnswerPlace;
  #isOver = false;
  /** The slot of the piece that is being read; -1: none. */
  #current = -1;

  constructor(place: AnswerPlace) {
    this.#place = place;
    place.give(this);
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  take(start: number, length: number): Uint8Array | undefined {
    this.leave();
    this.#current = this.#place.take(this, start, length);
    return this.#current < 0 ? undefined : this.#place.bytes;
  }

  keep(): () => void {
    return this.#place.hold(this.#current);
  }

  leave(): void {
    if (this.#current >= 0) this.#place.letGo(this.#current);
    this.#current = -1;
  }

  /** It has nothing in hand. */
  reclaim(): void {
    this.#place.reclaim(this);
  }

  /** All that it said was read, and what it never said never will be. */
  close(): void {
    this.leave();
    this.#isOver = true;
    this.#place.sweep();
  }
}
