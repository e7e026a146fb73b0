// The bytes that were pushed and not read yet: one chunk that is being read, and those behind it.
// Knows ranges of bytes only. What is handed out is a view of the chunk; nothing is copied but small chunks that wait.

import { Buffer } from "node:buffer";

const EMPTY = new Uint8Array(0);
/** Chunks up to this size are put together, in pieces of JOINT_BYTES, once LEAST_WAITING others wait. */
const SMALL_BYTES = 128;
const JOINT_BYTES = 1024;
const LEAST_WAITING = 2;

export interface Keeper {
  /** The same bytes, in memory that stays as it is. */
  keep(bytes: Uint8Array): Uint8Array;
}

export class ChunkQueue {
  /** The chunk that is being read; it ends where the array ends. */
  bytes: Uint8Array = EMPTY;
  /** What of it comes next. */
  at = 0;
  #waiting: Uint8Array[] = [];
  #nextWaiting = 0;
  #waitingBytes = 0;
  /** Where small chunks are put together, the newest of `waiting`, which they are, and where it ends there. */
  #joint: Uint8Array = EMPTY;
  #joined: Uint8Array | undefined;
  #jointEnd = 0;

  get bufferedBytes(): number {
    return this.bytes.length - this.at + this.#waitingBytes;
  }

  push(chunk: Uint8Array): void {
    if (this.at === this.bytes.length && this.#waitingBytes === 0) {
      this.bytes = chunk;
      this.at = 0;
      return;
    }
    this.#waiting.push(chunk);
    this.#waitingBytes += chunk.length;
  }

  /** Is there a byte at `at`? Goes on to the next chunk when this one is used up. */
  hasBytes(): boolean {
    return this.at < this.bytes.length || this.#advance();
  }

  /** Takes at most `length` bytes of this chunk, as a view of it. */
  take(length: number): Uint8Array {
    const start = this.at;
    this.at = Math.min(start + length, this.bytes.length);
    const isWhole = start === 0 && this.at === this.bytes.length;
    return isWhole ? this.bytes : this.bytes.subarray(start, this.at);
  }

  /** The newest chunk is about to be overwritten: what was not taken of it moves to where `keeper` puts it. */
  keep(keeper: Keeper): void {
    const last = this.#waiting.length - 1;
    const newest = this.#waiting[last];
    if (newest !== undefined) {
      if (!this.#join(newest, last)) this.#waiting[last] = keeper.keep(newest);
      return;
    }
    this.bytes = keeper.keep(this.bytes.subarray(this.at));
    this.at = 0;
  }

  /** Many small chunks become one: each of its own would take a hundred times the memory of a byte. */
  #join(newest: Uint8Array, last: number): boolean {
    if (newest.length > SMALL_BYTES || last - this.#nextWaiting < LEAST_WAITING) return false;
    const room = this.#joint.length - this.#jointEnd;
    const before = this.#waiting[last - 1];
    if (before !== undefined && before === this.#joined && room >= newest.length) {
      this.#joint.set(newest, this.#jointEnd);
      const start = this.#jointEnd - before.length;
      this.#jointEnd += newest.length;
      this.#joined = this.#waiting[last - 1] = this.#joint.subarray(start, this.#jointEnd);
      this.#waiting.pop();
      return true;
    }
    this.#joint = Buffer.allocUnsafeSlow(JOINT_BYTES);
    this.#joint.set(newest);
    this.#jointEnd = newest.length;
    this.#joined = this.#waiting[last] = this.#joint.subarray(0, newest.length);
    return true;
  }

  /** Lets go of everything, the chunk that was read included: an idle connection holds no memory. */
  clear(): void {
    this.bytes = EMPTY;
    this.at = 0;
    if (this.#waiting.length > 0) this.#waiting = [];
    this.#joint = EMPTY;
    this.#joined = undefined;
    this.#nextWaiting = 0;
    this.#waitingBytes = 0;
  }

  #advance(): boolean {
    let next = this.#waiting[this.#nextWaiting];
    // A chunk without bytes may have been pushed.
    while (next !== undefined && next.length === 0) next = this.#waiting[++this.#nextWaiting];
    if (next === undefined) return false;
    this.#nextWaiting++;
    this.#waitingBytes -= next.length;
    this.bytes = next;
    this.at = 0;
    if (this.#nextWaiting === this.#waiting.length) {
      this.#waiting.length = 0;
      this.#nextWaiting = 0;
    }
    return true;
  }
}
