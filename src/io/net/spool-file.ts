// One temporary file that is written at its end and read from its start: a request body beyond memory, or an answer that its client
// reads slowly. Writes are queued and go to disk in order, off the event loop. Knows neither HTTP nor sockets.

import { close, open, read, unlink, write } from "node:fs";
import { PieceList } from "./piece-list.ts";
import type { SpoolSpace } from "./spool-space.ts";

export class SpoolFile {
  readonly path: string;
  readonly #disk: SpoolSpace;
  readonly #onProgress: () => void;
  readonly #onError: (error: NodeJS.ErrnoException) => void;
  #descriptor = -1;
  readonly #queue = new PieceList();
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

  /** Queues `bytes`, which must not change afterwards. False when there is no space or no descriptor left: nothing was queued. */
  append(bytes: Uint8Array): boolean {
    if (!this.#hasDescriptor || !this.#disk.take(bytes.length)) return false;
    this.#reservedBytes += bytes.length;
    this.#queue.push(bytes);
    this.#queuedBytes += bytes.length;
    if (!this.#isBusy) this.#writeNext();
    return true;
  }

  /** Reads up to `length` written bytes from `position`. Not to be called while another read is under way. */
  read(position: number, length: number, onRead: (bytes: Uint8Array) => void): void {
    const target = Buffer.allocUnsafeSlow(Math.min(length, this.#writtenBytes - position));
    this.#isReading = true;
    read(this.#descriptor, target, 0, target.length, position, (error, count) => {
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
    this.#queue.clear();
    this.#disk.give(this.#reservedBytes);
    this.#close();
  }

  #writeNext(): void {
    if (this.#hasFailed) return;
    const pieces = this.#queue.take();
    const bytes = pieces.length > 1 ? Buffer.concat(pieces) : pieces[0];
    if (bytes === undefined) return;
    this.#isBusy = true;
    this.#writeAll(bytes, 0);
  }

  #writeAll(bytes: Uint8Array, from: number): void {
    write(this.#descriptor, bytes, from, bytes.length - from, null, (error, count) => {
      if (error === null && !this.#isDisposed && from + count < bytes.length) {
        this.#writeAll(bytes, from + count);
        return;
      }
      this.#isBusy = false;
      if (this.#isDisposed) {
        this.#close();
        return;
      }
      if (error !== null) {
        this.#fail(error);
        return;
      }
      this.#queuedBytes -= bytes.length;
      this.#writtenBytes += bytes.length;
      this.#writeNext();
      this.#onProgress();
    });
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
