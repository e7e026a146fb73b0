// The bytes that a worker thread says on its channel, each once and in order, although they come two ways: through
// the socket, and out of its outbox in a report of the zygote (docs/protocol.md section 4). Knows offsets, not frames.

const NOTHING = new Uint8Array(0);

export class ChannelStream {
  /** Bytes that came through the socket. */
  #received = 0;
  /** Bytes that were handed out. More than received while a report has told what the socket will tell again. */
  #known = 0;
  /** A report that begins beyond what is known: the socket still holds what stands before it. */
  #reported: { readonly base: number; readonly bytes: Uint8Array } | undefined = undefined;

  /** The next chunk of the socket. Returns what of it is news. `takeReported` is to be asked afterwards. */
  received(chunk: Uint8Array): Uint8Array {
    const base = this.#received;
    this.#received = base + chunk.length;
    return this.#newsOf(base, chunk);
  }

  /** An outbox, whose first byte is number `base` of the channel. A later one contains what an earlier one had left. */
  reported(base: number, bytes: Uint8Array): void {
    this.#reported = { base, bytes };
  }

  /** What the last report told and the socket has not, once all before it is known; empty otherwise. */
  takeReported(): Uint8Array {
    const reported = this.#reported;
    if (reported === undefined || reported.base > this.#known) return NOTHING;
    this.#reported = undefined;
    return this.#newsOf(reported.base, reported.bytes);
  }

  /** `base` is not above what is known: there are no gaps. */
  #newsOf(base: number, bytes: Uint8Array): Uint8Array {
    const known = this.#known - base;
    if (known >= bytes.length) return NOTHING;
    this.#known = base + bytes.length;
    return known === 0 ? bytes : bytes.subarray(known);
  }
}
