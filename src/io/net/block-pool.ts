// Blocks of memory that bytes are read into or copied into: used again instead of left to the garbage collector, which lets some 32 MiB of
// buffers pile up before it looks at them, and each fresh one costs its page faults. Knows only blocks: who took one gives it back when
// nobody reads it any more.

import { FreeList } from "./free-list.ts";

export const BLOCK_BYTES = 64 * 1024;
/** So much stays for whoever comes next; of the rest, what nobody needs goes to the garbage collector. */
const ALWAYS_FREE_BYTES = 2 * 1024 * 1024;

export class BlockPool {
  readonly #free: FreeList<Buffer>;
  readonly #blockBytes: number;

  constructor(blockBytes: number = BLOCK_BYTES) {
    this.#blockBytes = blockBytes;
    this.#free = new FreeList({ alwaysFree: ALWAYS_FREE_BYTES / blockBytes, discard: () => {} });
  }

  /** A whole block; what stands in it means nothing. */
  take(): Buffer {
    return this.#free.take() ?? Buffer.allocUnsafeSlow(this.#blockBytes);
  }

  /** Takes back what `take` gave, once: the next who takes one overwrites it. */
  give(block: Buffer): void {
    this.#free.give(block);
  }

  /** Blocks that wait for whoever comes next. */
  get free(): number {
    return this.#free.length;
  }

  /** See `FreeList.trim`. */
  trim(): boolean {
    return this.#free.trim();
  }
}
