// Bytes that the kernel has not taken yet. Small ones wait as one piece: a system call for each, and a list of thousands of them, would hold
// up all other sockets once the client reads again.

/** So much is copied together. */
const JOINED_BYTES = 16 * 1024;
/** So much is copied rather than left where it keeps more than twice as much from others. */
const MOVED_BYTES = 32 * 1024;

export class WaitingPiece {
  bytes: Uint8Array;
  readonly onSent: (() => void) | undefined;
  /** Ours, of which `bytes` are a part then. */
  #joined: Buffer | undefined;
  /** Where `bytes` end there. */
  #end = 0;

  /** `bytes` are somebody else's: nothing is written there. */
  constructor(bytes: Uint8Array, onSent?: () => void) {
    this.bytes = bytes;
    this.onSent = onSent;
  }

  /** A copy of `bytes` waits behind those that are here. False: it does not fit, or somebody is to be told of these alone. */
  join(bytes: Uint8Array): boolean {
    if (this.onSent !== undefined) return false;
    const end = this.#joined === undefined ? this.bytes.length : this.#end;
    if (end + bytes.length > JOINED_BYTES) return false;
    this.#joined ??= this.#moved();
    this.#joined.set(bytes, end);
    this.#end = end + bytes.length;
    this.bytes = this.#joined.subarray(end - this.bytes.length, this.#end);
    return true;
  }

  #moved(): Buffer {
    const joined = Buffer.allocUnsafeSlow(JOINED_BYTES);
    joined.set(this.bytes);
    return joined;
  }
}

/** In the order in which they leave. */
export class WaitingPieces {
  #pieces: WaitingPiece[] = [];

  get count(): number {
    return this.#pieces.length;
  }

  get first(): WaitingPiece | undefined {
    return this.#pieces[0];
  }

  /** These leave soon, most likely. */
  add(bytes: Uint8Array, onSent?: () => void): void {
    if (!this.#joins(bytes, onSent)) this.#pieces.push(new WaitingPiece(bytes, onSent));
  }

  /** The kernel has no room for these. Who is to be told keeps them where they lie until then. */
  keep(bytes: Uint8Array, onSent?: () => void): void {
    if (this.#joins(bytes, onSent)) return;
    const isMoved = onSent === undefined && isLittleOfMuch(bytes);
    this.#pieces.push(new WaitingPiece(isMoved ? new Uint8Array(bytes) : bytes, onSent));
  }

  #joins(bytes: Uint8Array, onSent: (() => void) | undefined): boolean {
    return onSent === undefined && this.#pieces.at(-1)?.join(bytes) === true;
  }

  /** The first has left. */
  takeFirst(): void {
    this.#pieces.shift()?.onSent?.();
  }

  /** None of them will leave. */
  drop(): void {
    const pieces = this.#pieces;
    this.#pieces = [];
    for (const { onSent } of pieces) onSent?.();
  }
}

function isLittleOfMuch({ length, buffer }: Uint8Array): boolean {
  return length < MOVED_BYTES && length < buffer.byteLength / 2;
}
