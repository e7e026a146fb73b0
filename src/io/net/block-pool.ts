// Blocks of memory that bytes are read into or copied into: used again instead of left to the garbage collector, which lets some 32 MiB of
// buffers pile up before it looks at them, and each fresh one costs its page faults. Knows only blocks: who took one gives it back when
// nobody reads it any more.

export const BLOCK_BYTES = 64 * 1024;
/** So much stays for whoever comes next, however long nobody does. */
const ALWAYS_FREE_BYTES = 2 * 1024 * 1024;
/** What more is free and was not needed for this long goes to the garbage collector, half of it each time. */
const TRIM_MS = 1000;

export class BlockPool {
  readonly #free: Buffer[] = [];
  readonly #blockBytes: number;
  readonly #alwaysFree: number;
  /** The fewest free blocks since the last trim: what nobody needed. */
  #leastFree = 0;
  #trimmer: NodeJS.Timeout | undefined;

  constructor(blockBytes: number = BLOCK_BYTES) {
    this.#blockBytes = blockBytes;
    this.#alwaysFree = ALWAYS_FREE_BYTES / blockBytes;
  }

  /** A whole block; what stands in it means nothing. */
  take(): Buffer {
    const block = this.#free.pop();
    if (this.#free.length < this.#leastFree) this.#leastFree = this.#free.length;
    return block ?? Buffer.allocUnsafeSlow(this.#blockBytes);
  }

  /** Takes back what `take` gave, once: the next who takes one overwrites it. */
  give(block: Buffer): void {
    this.#free.push(block);
    if (this.#trimmer === undefined && this.#free.length > this.#alwaysFree) this.#startTrimmer();
  }

  /** Blocks that wait for whoever comes next. */
  get free(): number {
    return this.#free.length;
  }

  /** Lets go of half of what nobody needed since the last call. False when nothing is left to let go. */
  trim(): boolean {
    const spare = Math.min(this.#leastFree, this.#free.length - this.#alwaysFree);
    // The oldest: what was used last is in the processor's caches.
    if (spare > 0) this.#free.splice(0, Math.ceil(spare / 2));
    this.#leastFree = this.#free.length;
    return this.#free.length > this.#alwaysFree;
  }

  /** Only while there is something to trim: an idle server sleeps. */
  #startTrimmer(): void {
    this.#leastFree = 0;
    this.#trimmer = setInterval(() => {
      if (this.trim()) return;
      clearInterval(this.#trimmer);
      this.#trimmer = undefined;
    }, TRIM_MS);
    this.#trimmer.unref();
  }
}
