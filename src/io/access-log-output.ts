// Where lines of the access log go: one batch at a time, without the event loop ever waiting for whoever takes them. Knows descriptors, and
// nothing of lines.

import { closeSync, write, writeSync } from "node:fs";
import { giveUpWriting } from "./line-stream.ts";
import { RetryDelay } from "./retry-delay.ts";
import { errorCode } from "../core/error-code.ts";

export interface Opened {
  readonly descriptor: number;
  /** A write takes what there is room for and returns. Any other may have to wait, and is done off the event loop. */
  readonly isNonBlocking: boolean;
}

/** A write off the event loop costs some 80 us of three threads, whatever its length: of so many bytes 0.15 a line. */
const FILE_BATCH_BYTES = 256 * 1024;
/** A pipe holds 64 KiB: of a batch of these it leaves nothing, if its reader keeps up. */
const PIPE_BATCH_BYTES = 48 * 1024;
const PIPE_BYTES = 64 * 1024;
/** That lines are lost is said this often: a batch may come each 100 ms. */
const TROUBLE_PAUSE_MS = 60_000;
const LINE_FEED = 0x0a;

export class AccessLogOutput {
  readonly #open: () => Opened;
  readonly #onTrouble: (code: string) => void;
  #troubleToldAt = -Infinity;
  #hasGivenUp = false;
  #opened: Opened;
  readonly #delay = new RetryDelay();
  /** Of the batch that is being written, or was last. */
  #target: Opened | undefined;
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  #end = 0;
  #done: () => void = () => {};
  /** The last that it took of a batch was half a line: the rest of it is lost. */
  #cut: Opened | undefined;
  /** All bytes that were taken so far. */
  takenBytes = 0;

  /** `onTrouble`: lines are lost, because of this error (ENOSPC, EPIPE). */
  constructor(open: () => Opened, onTrouble: (code: string) => void) {
    this.#open = open;
    this.#onTrouble = onTrouble;
    this.#opened = open();
  }

  /** What is worth a write. */
  get batchBytes(): number {
    return this.#opened.isNonBlocking ? PIPE_BATCH_BYTES : FILE_BATCH_BYTES;
  }

  /** Opens again what lies at its path by now. */
  reopen(): void {
    const old = this.#opened;
    this.#opened = this.#open();
    // One that is being written to is closed when that is done.
    if (old !== this.#opened && old !== this.#target) closeSync(old.descriptor);
  }

  /** Bytes up to `end`. The next batch only after `done`: they were taken, or will never be (a full disk, a reader that is gone). */
  write(bytes: Buffer, end: number, done: () => void): void {
    this.#target = this.#opened;
    const isCut = this.#cut === this.#target;
    this.#bytes = isCut ? behindLineFeed(bytes.subarray(0, end)) : bytes;
    this.#at = 0;
    this.#end = isCut ? end + 1 : end;
    this.#done = done;
    this.#writeOn(this.#target);
  }

  /** The batch that nobody takes: a process cannot end while one of its threads waits in a write. */
  giveUp(): void {
    this.#hasGivenUp = true;
    if (this.#target !== undefined) giveUpWriting(this.#target.descriptor);
  }

  /** Not while a batch is being written. */
  close(): void {
    if (this.#opened.descriptor > 2) closeSync(this.#opened.descriptor);
  }

  #writeOn(target: Opened): void {
    const { descriptor, isNonBlocking } = target;
    const length = this.#end - this.#at;
    if (!isNonBlocking) {
      write(descriptor, this.#bytes, this.#at, length, null, (error, count) => {
        this.#wrote(target, error, count);
      });
      return;
    }
    let error: unknown = null;
    let count = 0;
    try {
      // What was left waiting may be much: a part at a time.
      count = writeSync(descriptor, this.#bytes, this.#at, Math.min(length, PIPE_BYTES));
    } catch (thrown) {
      error = thrown;
    }
    this.#wrote(target, error, count);
  }

  #wrote(target: Opened, error: unknown, count: number): void {
    const isFull = errorCode(error) === "EAGAIN";
    if (error === null) {
      this.#delay.progress();
      this.#at += count;
      this.takenBytes += count;
    }
    if (isFull || (error === null && this.#at < this.#end)) {
      setTimeout(() => {
        this.#writeOn(target);
      }, this.#delay.next());
      return;
    }
    if (error !== null) this.#tell(error);
    if (error === null || this.#at > 0) {
      this.#cut = this.#bytes[this.#at - 1] === LINE_FEED ? undefined : target;
    }
    this.#target = undefined;
    if (target !== this.#opened) closeSync(target.descriptor);
    this.#done();
  }

  #tell(error: unknown): void {
    const now = performance.now();
    if (this.#hasGivenUp || now - this.#troubleToldAt < TROUBLE_PAUSE_MS) return;
    this.#troubleToldAt = now;
    this.#onTrouble(errorCode(error));
  }
}

/** The first line is one of its own then. */
function behindLineFeed(lines: Uint8Array): Buffer {
  return Buffer.concat([Uint8Array.of(LINE_FEED), lines]);
}
