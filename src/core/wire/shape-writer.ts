// The shape of an environ while it is written: its keys, with the values that many requests have in common. Bytes only.

import { MARSHAL } from "./marshal.ts";

export class ShapeWriter {
  #bytes: Uint8Array = new Uint8Array(4096);
  #at = 0;
  /** How many keys have their values elsewhere. */
  count = 0;

  /** Begins with an open shape that has `count` such keys. There is room for `moreBytes` behind it. */
  begin(open: Uint8Array, count: number, moreBytes: number): void {
    if (open.length + moreBytes > this.#bytes.length) {
      this.#bytes = new Uint8Array((open.length + moreBytes) * 2);
    }
    this.#bytes.set(open, 0);
    this.#at = open.length;
    this.count = count;
  }

  /** A key whose value stands among the values. */
  addKey(key: Uint8Array): void {
    this.#bytes.set(key, this.#at);
    this.#at += key.length;
    this.#bytes[this.#at++] = MARSHAL.none;
    this.count++;
  }

  /** Whole entries, and keys: `count` of them have their values elsewhere. */
  add(entries: Uint8Array, count: number): void {
    this.#bytes.set(entries, this.#at);
    this.#at += entries.length;
    this.count += count;
  }

  /** Ends the shape: a copy of it. */
  end(): Uint8Array {
    this.#bytes[this.#at++] = MARSHAL.null;
    return this.#bytes.slice(0, this.#at);
  }
}
