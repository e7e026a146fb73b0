// Bytes copied one behind the other into blocks of the pool: what is kept of a large body. Knows no sockets and no files.

import { BLOCK_BYTES, type BlockPool } from "./block-pool.ts";

export class BlockList {
  readonly #pool: BlockPool;
  #blocks: Buffer[] = [];
  /** Room in the last block. */
  #room = 0;

  constructor(pool: BlockPool) {
    this.#pool = pool;
  }

  /** Room for at most `most` bytes behind what is here: who writes there appends what was written next. */
  room(most: number): Buffer {
    const block = this.#blockWithRoom();
    const start = BLOCK_BYTES - this.#room;
    return block.subarray(start, start + Math.min(this.#room, most));
  }

  /** Whether `bytes` were written where `room` said. */
  isInPlace(bytes: Uint8Array): boolean {
    const last = this.#blocks.at(-1);
    if (last === undefined || bytes.buffer !== last.buffer) return false;
    return bytes.byteOffset === last.byteOffset + BLOCK_BYTES - this.#room;
  }

  append(bytes: Uint8Array): void {
    if (this.isInPlace(bytes)) {
      this.#room -= bytes.length;
      return;
    }
    for (let at = 0; at < bytes.length;) {
      const block = this.#blockWithRoom();
      const end = Math.min(bytes.length, at + this.#room);
      const isWhole = at === 0 && end === bytes.length;
      block.set(isWhole ? bytes : bytes.subarray(at, end), BLOCK_BYTES - this.#room);
      this.#room -= end - at;
      at = end;
    }
  }

  /** Everything in order: views of the blocks, until `clear`. */
  get pieces(): Uint8Array[] {
    const last = this.#blocks.length - 1;
    return this.#blocks.map((block, index) =>
      index === last ? block.subarray(0, BLOCK_BYTES - this.#room) : block,
    );
  }

  /** Gives the blocks back to the pool: nobody may read from them any more. */
  clear(): void {
    const blocks = this.#blocks;
    this.#blocks = [];
    this.#room = 0;
    for (const block of blocks) this.#pool.give(block);
  }

  #blockWithRoom(): Buffer {
    const last = this.#blocks.at(-1);
    if (last !== undefined && this.#room > 0) return last;
    const block = this.#pool.take();
    this.#blocks.push(block);
    this.#room = BLOCK_BYTES;
    return block;
  }
}
