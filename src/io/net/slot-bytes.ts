// Bytes one behind the other in a slot that workers read too: what is kept of a large body that fits into one. As BlockList, but for its end.

import type { SharedSlot } from "../../core/http/exchange.ts";

export class SlotBytes {
  readonly #slot: SharedSlot;
  #length = 0;

  constructor(slot: SharedSlot) {
    this.#slot = slot;
  }

  get slot(): SharedSlot {
    return this.#slot;
  }

  /** As BlockList's; undefined when it is full. */
  room(most: number): Buffer | undefined {
    const { bytes } = this.#slot;
    const end = Math.min(this.#length + most, bytes.length);
    return end > this.#length ? bytes.subarray(this.#length, end) : undefined;
  }

  /** As BlockList's. */
  isInPlace({ buffer, byteOffset }: Uint8Array): boolean {
    const { bytes } = this.#slot;
    return buffer === bytes.buffer && byteOffset === bytes.byteOffset + this.#length;
  }

  /** False, and nothing was appended: they do not fit. */
  append(bytes: Uint8Array): boolean {
    if (this.#length + bytes.length > this.#slot.bytes.length) return false;
    if (!this.isInPlace(bytes)) this.#slot.bytes.set(bytes, this.#length);
    this.#length += bytes.length;
    return true;
  }

  get pieces(): Uint8Array[] {
    return [this.#slot.bytes.subarray(0, this.#length)];
  }

  /** Once: nobody may read from it any more. */
  clear(): void {
    this.#slot.letGo();
  }
}
