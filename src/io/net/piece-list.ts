// Bytes that wait to be read or written: large pieces as they are, small ones copied together. A chunked body may come in pieces of
// one byte, each of which would cost a hundred times its size as an object of its own.

/** Below this a copy is cheaper than an object. */
const SMALL_BYTES = 1024;
const MAX_BLOCK_BYTES = 16 * 1024;

export class PieceList {
  #pieces: Uint8Array[] = [];
  /** Small pieces: what is in front of `#sealedBytes` is in `#pieces` or was taken. */
  #block: Buffer | undefined;
  #blockBytes = 0;
  #sealedBytes = 0;

  /** `piece` must not change afterwards: it may be kept as it is, as the first one always is. */
  push(piece: Uint8Array): void {
    const isFirst = this.#pieces.length === 0 && this.#blockBytes === this.#sealedBytes;
    if (isFirst || piece.length >= SMALL_BYTES) {
      this.#seal();
      this.#pieces.push(piece);
      return;
    }
    this.#blockFor(piece.length).set(piece, this.#blockBytes);
    this.#blockBytes += piece.length;
  }

  /** Everything in order; what is pushed later is not in it. */
  get pieces(): readonly Uint8Array[] {
    this.#seal();
    return this.#pieces;
  }

  /** Everything in order; the list is empty afterwards. */
  take(): Uint8Array[] {
    this.#seal();
    const pieces = this.#pieces;
    this.#pieces = [];
    return pieces;
  }

  clear(): void {
    this.#pieces = [];
    this.#block = undefined;
    this.#blockBytes = 0;
    this.#sealedBytes = 0;
  }

  /** Has room for so many bytes. Each block is twice as large as the one before, since most lists stay short. */
  #blockFor(bytes: number): Buffer {
    const block = this.#block;
    const size = block?.length ?? 0;
    if (block !== undefined && this.#blockBytes + bytes <= size) return block;
    this.#seal();
    this.#blockBytes = 0;
    this.#sealedBytes = 0;
    this.#block = Buffer.allocUnsafeSlow(
      Math.min(Math.max(2 * size, SMALL_BYTES), MAX_BLOCK_BYTES),
    );
    return this.#block;
  }

  #seal(): void {
    if (this.#block === undefined || this.#blockBytes === this.#sealedBytes) return;
    this.#pieces.push(this.#block.subarray(this.#sealedBytes, this.#blockBytes));
    this.#sealedBytes = this.#blockBytes;
  }
}
