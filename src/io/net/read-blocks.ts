// What one socket is read into: the same block again, unless somebody still reads from it, a client's socket mostly. Then the rest of that
// block, or another of the pool, and that one goes back to the pool when the last has read it.

import type { BlockPool } from "./block-pool.ts";

/** Less room is not worth a read. */
const LEAST_ROOM = 64 * 1024;

export class ReadBlocks {
  readonly #pool: BlockPool;
  #current: ReadBlock | undefined;
  /** Where in the block the socket reads to. */
  #start = 0;
  #end = 0;

  constructor(pool: BlockPool) {
    this.#pool = pool;
  }

  /** Where the next read writes to; undefined: where the last one did. */
  next(): Buffer | undefined {
    const current = this.#current;
    if (current === undefined) return this.#takeBlock();
    if (!current.isHeld) {
      if (this.#start === 0) return undefined;
      this.#start = 0;
      return current.bytes;
    }
    if (current.bytes.length - this.#end < LEAST_ROOM) {
      current.leave();
      return this.#takeBlock();
    }
    this.#start = this.#end;
    return current.bytes.subarray(this.#start);
  }

  /** So many bytes were read. */
  filled(bytes: number): void {
    this.#end = this.#start + bytes;
  }

  /** What the last read wrote stays as it is until the function that is returned was called, once for each `hold`. */
  hold(): () => void {
    return this.#current?.hold() ?? nothing;
  }

  /** Nothing is read any more. */
  close(): void {
    this.#current?.leave();
    this.#current = undefined;
  }

  #takeBlock(): Buffer {
    this.#current = new ReadBlock(this.#pool);
    this.#start = 0;
    return this.#current.bytes;
  }
}

class ReadBlock {
  readonly bytes: Buffer;
  readonly #pool: BlockPool;
  #holds = 0;
  /** The socket reads into another one from now on, or into none. */
  #isLeft = false;

  constructor(pool: BlockPool) {
    this.#pool = pool;
    this.bytes = pool.take();
  }

  get isHeld(): boolean {
    return this.#holds > 0;
  }

  hold(): () => void {
    this.#holds++;
    return this.#release;
  }

  leave(): void {
    this.#isLeft = true;
    this.#giveBack();
  }

  /** One function for all holds: a closure for each piece would cost more. */
  readonly #release = (): void => {
    this.#holds--;
    this.#giveBack();
  };

  #giveBack(): void {
    if (this.#isLeft && this.#holds === 0) this.#pool.give(this.bytes);
  }
}

function nothing(): void {}
