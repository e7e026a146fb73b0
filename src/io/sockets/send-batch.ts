// What many sockets send in one turn of the event loop, in one system call. One after the other it is the same for the kernel, but between two
// calls this process would run other code, and find its own and the kernel's out of the caches each time (docs/decisions/036-direct-sockets.md).

import type { Libc } from "./libc.ts";
import { SEND_FLAGS } from "./message-flags.ts";
import { SubmissionRing } from "./submission-ring.ts";

/** So many at once: who came first must not wait for too many others. */
const MOST = 64;
/** Larger ones leave at once, from where they lie. */
const MOST_BYTES = 8 * 1024;

export interface Sender {
  /** The kernel took all of it. Must do nothing but take note. */
  onPosted(): void;
  /**
   * `result`: how many of `bytes` the kernel took, or why it did not (a negative errno). They are overwritten when this returns. Must do
   * nothing but take note: `afterShort` follows.
   */
  onShort(result: number, bytes: Uint8Array): void;
  /** All that was sent with it has been told of. */
  afterShort(): void;
}

export class SendBatch {
  readonly #libc: Libc;
  readonly #bytes = Buffer.allocUnsafeSlow(MOST * MOST_BYTES);
  readonly #address: number;
  #ring: SubmissionRing | undefined;
  readonly #senders: Sender[] = [];
  readonly #descriptors: number[] = [];
  /** Where the bytes of each end. */
  readonly #ends: number[] = [];
  /** Instead of the ring's. */
  readonly #results: number[] = [];
  #end = 0;
  #isRunning = false;

  private constructor(libc: Libc, ring: SubmissionRing) {
    this.#libc = libc;
    this.#ring = ring;
    this.#address = libc.addressOf(this.#bytes);
  }

  /** Undefined where the kernel has no such call for this process. */
  static open(libc: Libc): SendBatch | undefined {
    const ring = SubmissionRing.open(libc, MOST);
    return ring === undefined ? undefined : new SendBatch(libc, ring);
  }

  /** A copy of `bytes` leaves through `fd` with the next `run`. False: it has to leave in another way. One `fd` must not be added twice. */
  add(fd: number, bytes: Uint8Array, sender: Sender): boolean {
    if (bytes.length > MOST_BYTES || this.#isRunning) return false;
    if (this.#senders.length === MOST) this.run();
    if (this.#ring === undefined) return false;
    this.#bytes.set(bytes, this.#end);
    this.#ring.addSend(fd, this.#address + this.#end, bytes.length, SEND_FLAGS);
    this.#end += bytes.length;
    this.#senders.push(sender);
    this.#descriptors.push(fd);
    this.#ends.push(this.#end);
    return true;
  }

  get isEmpty(): boolean {
    return this.#senders.length === 0;
  }

  run(): void {
    const count = this.#senders.length;
    if (count === 0 || this.#isRunning) return;
    this.#isRunning = true;
    const done = this.#ring?.submit() ?? 0;
    // Before anybody hears of results, and closes what others still have to send through.
    if (done < count) this.#sendRest(done);
    const short = this.#tell();
    this.#senders.length = this.#descriptors.length = this.#ends.length = 0;
    this.#results.length = 0;
    this.#end = 0;
    this.#isRunning = false;
    // Only now: what these do to others must find them as they are.
    for (const sender of short) sender.afterShort();
  }

  /** Returns those of which not all was taken. */
  #tell(): Sender[] {
    const short: Sender[] = [];
    let start = 0;
    for (let index = 0; index < this.#senders.length; index++) {
      const sender = this.#senders[index];
      const end = this.#ends[index] ?? start;
      const result = this.#results[index] ?? this.#ring?.result(index) ?? 0;
      if (result === end - start) sender?.onPosted();
      else if (sender !== undefined) {
        sender.onShort(result, this.#bytesOf(index));
        short.push(sender);
      }
      start = end;
    }
    return short;
  }

  #bytesOf(index: number): Buffer {
    return this.#bytes.subarray(this.#ends[index - 1] ?? 0, this.#ends[index]);
  }

  /** The kernel refuses the call: what it has not taken is sent one by one, now and from now on. */
  #sendRest(first: number): void {
    for (let index = 0; index < this.#senders.length; index++) {
      this.#results[index] =
        index < first ? (this.#ring?.result(index) ?? 0) : this.#sendAlone(index);
    }
    this.#ring?.close();
    this.#ring = undefined;
  }

  #sendAlone(index: number): number {
    const bytes = this.#bytesOf(index);
    const sent = this.#libc.send(this.#descriptors[index] ?? -1, bytes, bytes.length, SEND_FLAGS);
    return sent < 0 ? -this.#libc.lastErrno() : sent;
  }
}
