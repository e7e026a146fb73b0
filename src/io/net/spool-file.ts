// One temporary file that is written at its end and read from its start: a request body beyond memory, or an answer that its client
// reads slowly. Writes are queued and go to disk in order, off the event loop. Knows neither HTTP nor sockets.

import { close, open, read, unlink, writev } from "node:fs";
import { BLOCK_BYTES } from "./block-pool.ts";
import type { SpoolSpace } from "./spool-space.ts";

export class SpoolFile {
  readonly path: string;
  readonly #disk: SpoolSpace;
  readonly #onProgress: () => void;
  readonly #onError: (error: NodeJS.ErrnoException) => void;
  #descriptor = -1;
  /** What waits to be written, in order. */
  #queue: Uint8Array[] = [];
  /** Those of the queue that are whole blocks of the pool; the last one may have room left. */
  #blocks: Buffer[] = [];
  /** Room in the last block: only while it is also the end of the queue. */
  #room = 0;
  #queuedBytes = 0;
  #writtenBytes = 0;
  #reservedBytes = 0;
  #isBusy = false;
  /** One of the descriptors that are there for such files; without it nothing can be appended. */
  #hasDescriptor = false;
  #isReading = false;
  #isDisposed = false;
  #hasFailed = false;

  /**
   * Creates `path`, which must not exist, readable by its owner alone. `onProgress` is called whenever queued bytes have reached
   * the file; `onError` once, when the file cannot be made or written (ENOSPC and its like).
   */
  constructor(
    path: string,
    disk: SpoolSpace,
    onProgress: () => void,
    onError: (error: NodeJS.ErrnoException) => void,
  ) {
    this.path = path;
    this.#disk = disk;
    this.#onProgress = onProgress;
    this.#onError = onError;
    this.#hasDescriptor = disk.takeFile();
    if (!this.#hasDescriptor) return;
    this.#isBusy = true;
    open(path, "wx+", 0o600, (error, descriptor) => {
      this.#isBusy = false;
      if (error !== null) {
        this.#close();
        this.#fail(error);
        return;
      }
      this.#descriptor = descriptor;
      if (this.#isDisposed) this.#close();
      else this.#writeNext();
    });
  }

  /** Bytes that wait to be written. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** Bytes that can be read back. */
  get writtenBytes(): number {
    return this.#writtenBytes;
  }

  get totalBytes(): number {
    return this.#writtenBytes + this.#queuedBytes;
  }

  /** Queues a copy of `bytes`. False when there is no space or no descriptor left: nothing was queued. */
  append(bytes: Uint8Array): boolean {
    if (!this.#reserve(bytes.length)) return false;
    for (let at = 0; at < bytes.length;) {
      const end = Math.min(bytes.length, at + this.#roomInBlock());
      this.#fill(at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end));
      at = end;
    }
    if (!this.#isBusy) this.#writeNext();
    return true;
  }

  /** Fills `target` with written bytes from `position` on. Not to be called while another read is under way. */
  read(position: number, target: Buffer, onRead: (bytes: Uint8Array) => void): void {
    const length = Math.min(target.length, this.#writtenBytes - position);
    this.#isReading = true;
    read(this.#descriptor, target, 0, length, position, (error, count) => {
      this.#isReading = false;
      if (this.#isDisposed) {
        this.#close();
        return;
      }
      if (error !== null) this.#fail(error);
      else onRead(target.subarray(0, count));
    });
  }

  /** Removes the file. Safe to call at any time, more than once. */
  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    this.#giveBlocks(this.#blocks);
    this.#queue = [];
    this.#blocks = [];
    this.#room = 0;
    this.#disk.give(this.#reservedBytes);
    this.#close();
  }

  #reserve(bytes: number): boolean {
    if (!this.#hasDescriptor || !this.#disk.take(bytes)) return false;
    this.#reservedBytes += bytes;
    this.#queuedBytes += bytes;
    return true;
  }

  #roomInBlock(): number {
    if (this.#room > 0) return this.#room;
    const block = this.#disk.blocks.take();
    this.#blocks.push(block);
    this.#queue.push(block);
    this.#room = BLOCK_BYTES;
    return BLOCK_BYTES;
  }

  #fill(bytes: Uint8Array): void {
    this.#blocks.at(-1)?.set(bytes, BLOCK_BYTES - this.#room);
    this.#room -= bytes.length;
  }

  #giveBlocks(blocks: readonly Buffer[]): void {
    for (const block of blocks) this.#disk.blocks.give(block);
  }

  #writeNext(): void {
    if (this.#hasFailed || this.#queue.length === 0) return;
    const pieces = this.#queue;
    const blocks = this.#blocks;
    const last = pieces.at(-1);
    if (this.#room > 0 && last !== undefined) {
      pieces[pieces.length - 1] = last.subarray(0, BLOCK_BYTES - this.#room);
    }
    this.#queue = [];
    this.#blocks = [];
    this.#room = 0;
    this.#isBusy = true;
    this.#writeAll(pieces, () => {
      this.#giveBlocks(blocks);
    });
  }

  /** `onOver`: nothing reads from `pieces` any more, whether all of it was written or not. */
  #writeAll(pieces: readonly Uint8Array[], onOver: () => void): void {
    writev(this.#descriptor, pieces, null, (error, count) => {
      const left = error === null ? behind(pieces, count) : [];
      if (left.length > 0 && !this.#isDisposed) {
        this.#advance(count);
        this.#writeAll(left, onOver);
        return;
      }
      onOver();
      this.#isBusy = false;
      if (this.#isDisposed) {
        this.#close();
        return;
      }
      if (error !== null) {
        this.#fail(error);
        return;
      }
      this.#advance(count);
      this.#writeNext();
      this.#onProgress();
    });
  }

  #advance(bytes: number): void {
    this.#queuedBytes -= bytes;
    this.#writtenBytes += bytes;
  }

  #fail(error: NodeJS.ErrnoException): void {
    if (this.#hasFailed || this.#isDisposed) return;
    this.#hasFailed = true;
    this.#onError(error);
  }

  /** Not while a read or write is under way: the number of the descriptor could belong to somebody else by then. */
  #close(): void {
    if (this.#isBusy || this.#isReading) return;
    if (this.#hasDescriptor) this.#disk.giveFile();
    this.#hasDescriptor = false;
    if (this.#descriptor === -1) return;
    // Errors here have no one to tell: the directory is removed as a whole at the end.
    close(this.#descriptor, () => {});
    unlink(this.path, () => {});
    this.#descriptor = -1;
  }
}

/** What is left of `pieces` behind their first `count` bytes. */
function behind(pieces: readonly Uint8Array[], count: number): readonly Uint8Array[] {
  let skipped = count;
  for (const [index, piece] of pieces.entries()) {
    if (skipped < piece.length) return [piece.subarray(skipped), ...pieces.slice(index + 1)];
    skipped -= piece.length;
  }
  return [];
}
