// Decodes the chunked transfer coding (RFC 9112 section 7.1): bytes in, ranges of body bytes out, no copy, nothing kept.
// A state machine over bytes that may stop anywhere. Extensions and trailers are checked, bounded and dropped: a trailer
// that became a field after the head was judged could say what a head may not (RFC 9110 section 6.5.1).

import { REFUSALS, type Refusal } from "../http/refusal.ts";
import { ChunkExtensionScanner } from "./chunk-extension.ts";
import {
  COLON,
  CR,
  FIELD_VALUE,
  HEX_DIGIT,
  LF,
  SEMICOLON,
  TOKEN,
  isWhiteSpace,
} from "./grammar.ts";
import type { RequestLimits } from "./scanning.ts";

/** 64 bits of size, which is what peers read at most. */
const MAX_SIZE_DIGITS = 16;
/** They change nothing, but without a bound a peer could send them for ever. */
const MAX_LEADING_ZEROS = 128;

const PART = {
  sizeStart: 0,
  size: 1,
  extension: 2,
  sizeLineFeed: 3,
  data: 4,
  dataEnd: 5,
  dataLineFeed: 6,
  trailerStart: 7,
  trailerName: 8,
  trailerValue: 9,
  trailerLineFeed: 10,
  lastLineFeed: 11,
  done: 12,
} as const;
type Part = (typeof PART)[keyof typeof PART];

/** What `decode` found before it stopped. */
export const DECODED = { needMore: 0, piece: 1, end: 2, refused: 3 } as const;
export type Decoded = (typeof DECODED)[keyof typeof DECODED];

export class ChunkedDecoder {
  readonly #limits: RequestLimits;
  readonly #maxBodyBytes: number;
  readonly #extension = new ChunkExtensionScanner();
  /** Where the next call goes on. */
  at = 0;
  /** After `piece`: the body bytes are `bytes[pieceStart, at)`. */
  pieceStart = 0;
  /** After `refused`. */
  refusal: Refusal | undefined = undefined;

  #part: Part = PART.sizeStart;
  /** Of the chunk: its size while that is read, then what is missing of its data. */
  #left = 0;
  #leadingZeros = 0;
  #sizeDigits = 0;
  #bodyBytes = 0;
  #trailerCount = 0;
  #trailerBytes = 0;
  #trailerLineBytes = 0;

  constructor(limits: RequestLimits) {
    this.#limits = limits;
    this.#maxBodyBytes = Math.min(limits.bodyBytes, Number.MAX_SAFE_INTEGER);
  }

  /** A new body begins. */
  begin(): void {
    this.#part = PART.sizeStart;
    this.#bodyBytes = 0;
    this.#extension.beginBody();
    this.#trailerCount = 0;
    this.#trailerBytes = 0;
    this.#beginChunk();
  }

  /** Decodes from `at` up to `end`, at most to the end of the next piece of body. */
  decode(bytes: Uint8Array, end: number): Decoded {
    while (this.at < end) {
      if (this.#part === PART.data) return this.#takeData(end);
      const refusal = this.#step(bytes[this.at] ?? 0);
      if (refusal !== undefined) {
        this.refusal = refusal;
        return DECODED.refused;
      }
      this.at++;
      if (this.#part === PART.done) return DECODED.end;
    }
    return DECODED.needMore;
  }

  #takeData(end: number): Decoded {
    const length = Math.min(this.#left, end - this.at);
    this.pieceStart = this.at;
    this.at += length;
    this.#left -= length;
    if (this.#left === 0) this.#part = PART.dataEnd;
    return DECODED.piece;
  }

  /** Everything but data, one byte at a time: framing is a small share of any body worth sending. */
  #step(byte: number): Refusal | undefined {
    switch (this.#part) {
      case PART.sizeStart:
      case PART.size:
        return this.#stepSize(byte);
      case PART.extension:
        return this.#stepExtension(byte);
      case PART.sizeLineFeed:
        if (byte !== LF) return REFUSALS.bareCarriageReturn;
        return this.#beginData();
      case PART.dataEnd:
        if (byte !== CR) return byte === LF ? REFUSALS.bareLineFeed : REFUSALS.badChunkEnd;
        this.#part = PART.dataLineFeed;
        return undefined;
      case PART.dataLineFeed:
        if (byte !== LF) return REFUSALS.badChunkEnd;
        this.#beginChunk();
        return undefined;
      case PART.lastLineFeed:
        if (byte !== LF) return REFUSALS.bareCarriageReturn;
        this.#part = PART.done;
        return undefined;
      case PART.trailerStart:
      case PART.trailerName:
      case PART.trailerValue:
      case PART.trailerLineFeed:
        return this.#stepTrailer(byte);
      case PART.data:
      case PART.done:
        throw new Error("chunked decoder: no byte belongs here");
    }
  }

  #beginChunk(): void {
    this.#part = PART.sizeStart;
    this.#left = 0;
    this.#leadingZeros = 0;
    this.#sizeDigits = 0;
    this.#extension.beginChunk();
  }

  #stepSize(byte: number): Refusal | undefined {
    const digit = HEX_DIGIT[byte] ?? 0;
    if (digit !== 0) {
      this.#part = PART.size;
      // Above 2^53 a double loses low bits, but such a size is far beyond every limit and refused at the line's end.
      this.#left = this.#left * 16 + (digit - 1);
      if (this.#left === 0) this.#leadingZeros++;
      else this.#sizeDigits++;
      const isTooLong =
        this.#sizeDigits > MAX_SIZE_DIGITS || this.#leadingZeros > MAX_LEADING_ZEROS;
      return isTooLong ? REFUSALS.badChunkSize : undefined;
    }
    if (byte === LF) return REFUSALS.bareLineFeed;
    if (this.#part === PART.sizeStart) return REFUSALS.badChunkSize;
    if (byte === CR) {
      this.#part = PART.sizeLineFeed;
      return undefined;
    }
    if (byte !== SEMICOLON && !isWhiteSpace(byte)) return REFUSALS.badChunkSize;
    this.#part = PART.extension;
    return this.#extension.step(byte);
  }

  #stepExtension(byte: number): Refusal | undefined {
    if (byte === LF) return REFUSALS.bareLineFeed;
    if (byte !== CR) return this.#extension.step(byte);
    if (!this.#extension.mayEnd) return REFUSALS.badChunkExtension;
    this.#part = PART.sizeLineFeed;
    return undefined;
  }

  #beginData(): Refusal | undefined {
    if (this.#left === 0) {
      this.#part = PART.trailerStart;
      return undefined;
    }
    this.#bodyBytes += this.#left;
    if (this.#bodyBytes > this.#maxBodyBytes) return REFUSALS.bodyTooLarge;
    this.#part = PART.data;
    return undefined;
  }

  /** trailer-section = *( field-line CRLF ) (RFC 9112 section 7.1.2), with the grammar and the limits of the head's fields. */
  #stepTrailer(byte: number): Refusal | undefined {
    this.#trailerBytes++;
    if (this.#trailerBytes > this.#limits.headBytes) return REFUSALS.trailersTooLarge;
    if (this.#part === PART.trailerLineFeed) {
      if (byte !== LF) return REFUSALS.bareCarriageReturn;
      this.#part = PART.trailerStart;
      return undefined;
    }
    if (byte === LF) return REFUSALS.bareLineFeed;
    if (this.#part === PART.trailerStart) return this.#beginTrailer(byte);
    if (byte === CR && this.#part === PART.trailerValue) {
      this.#part = PART.trailerLineFeed;
      return undefined;
    }
    this.#trailerLineBytes++;
    if (this.#trailerLineBytes > this.#limits.fieldBytes) return REFUSALS.trailersTooLarge;
    if (this.#part === PART.trailerValue) {
      return FIELD_VALUE[byte] === 0 ? REFUSALS.badTrailer : undefined;
    }
    if (byte === COLON) this.#part = PART.trailerValue;
    else if (TOKEN[byte] === 0) return REFUSALS.badTrailer;
    return undefined;
  }

  #beginTrailer(byte: number): Refusal | undefined {
    if (byte === CR) {
      this.#part = PART.lastLineFeed;
      return undefined;
    }
    if (TOKEN[byte] === 0) return REFUSALS.badTrailer;
    this.#trailerCount++;
    if (this.#trailerCount > this.#limits.fieldCount) return REFUSALS.trailersTooLarge;
    this.#trailerLineBytes = 1;
    this.#part = PART.trailerName;
    return undefined;
  }
}
