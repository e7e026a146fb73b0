// Blocks of memory that bytes are copied into on their way to and from files. Used again instead of left to the garbage collector, which
// lets some 32 MiB of buffers pile up before it looks at them. Knows only blocks: who took one gives it back when nobody reads it any more.

export const BLOCK_BYTES = 64 * 1024;
/** So many are kept for whoever comes next (2 MiB); more than that at once are made and collected. */
const MOST_FREE = 32;

export class BlockPool {
  readonly #free: Buffer[] = [];

  /** A block of BLOCK_BYTES; what stands in it means nothing. */
  take(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES);
  }

  /** Takes back what `take` gave, once: the next who takes one overwrites it. */
  give(block: Buffer): void {
    if (this.#free.length < MOST_FREE) this.#free.push(block);
  }
}
