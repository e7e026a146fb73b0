// Where lines of the access log are put together, as bytes: what peers sent is copied from where it lies, numbers are written as digits. No
// string is made on the way, so a line leaves no garbage. Knows no field and no format.

import { Buffer } from "node:buffer";
import { DIGITS, POINT_AND_DIGITS, THREE_DIGITS } from "./digits.ts";

const MAX_INT32 = 2 ** 31 - 1;
const ZERO = 0x30;

/** 1 for each byte that means something to JSON, to a quoted text or to a terminal, or is no ASCII. */
const IS_ODD = Uint8Array.from({ length: 256 }, (_, byte) => {
  return byte < 0x20 || byte > 0x7e || byte === 0x22 || byte === 0x5c ? 1 : 0;
});

const WORD_BYTES = 8;

/**
 * Bytes that are written again and again, prepared to be copied eight at a time: a loop over so few is faster than the engine's own copying.
 * Read as a number, no eight bytes of UTF-8 are NaN, whose bytes an engine may change: 0x7f never follows 0xf0 or above, 0xff is in none.
 */
export class Constant {
  readonly length: number;
  readonly words: Float64Array;

  constructor(text: string) {
    const bytes = Buffer.from(text);
    this.length = bytes.length;
    const padded = new DataView(new ArrayBuffer(Math.ceil(bytes.length / WORD_BYTES) * WORD_BYTES));
    for (const [index, byte] of bytes.entries()) padded.setUint8(index, byte);
    this.words = Float64Array.from({ length: padded.byteLength / WORD_BYTES }, (_, i) =>
      padded.getFloat64(WORD_BYTES * i, true),
    );
  }
}

export class LineBuffer {
  /** Grows as needed: another one then. */
  bytes: Buffer;
  /** Where the next byte goes. */
  at = 0;
  /** Not 0 when an odd byte of a peer was written since it was set to 0: the text has to be escaped. */
  oddity = 0;
  #view: DataView;

  constructor(size: number) {
    this.bytes = Buffer.allocUnsafeSlow(size);
    this.#view = viewOf(this.bytes);
  }

  /** Makes room for so many bytes. */
  reserve(count: number): void {
    if (this.at + count > this.bytes.length) this.#grow(count);
  }

  #grow(count: number): void {
    const larger = Buffer.allocUnsafeSlow(2 * (this.at + count));
    larger.set(this.bytes.subarray(0, this.at), 0);
    this.bytes = larger;
    this.#view = viewOf(larger);
  }

  /** Empty again, and no larger than `size`. */
  restart(size: number): void {
    this.at = 0;
    if (this.bytes.length <= size) return;
    this.bytes = Buffer.allocUnsafeSlow(size);
    this.#view = viewOf(this.bytes);
  }

  byte(byte: number): void {
    this.reserve(1);
    this.bytes[this.at++] = byte;
  }

  constant({ words, length }: Constant): void {
    this.reserve(length + WORD_BYTES - 1);
    const view = this.#view;
    const { at } = this;
    for (let i = 0; i < words.length; i++)
      view.setFloat64(at + WORD_BYTES * i, words[i] ?? 0, true);
    this.at = at + length;
  }

  /** The bytes in `[start, end)` of `from`, as a peer sent them. */
  copy(from: Uint8Array, start: number, end: number): void {
    this.reserve(end - start);
    const { bytes } = this;
    let { at, oddity } = this;
    for (let i = start; i < end; i++) {
      const byte = from[i] ?? 0;
      oddity |= IS_ODD[byte] ?? 0;
      bytes[at++] = byte;
    }
    this.at = at;
    this.oddity = oddity;
  }

  /** The same for bytes that became characters of UTF-8 (latin-1), each one byte again. */
  copyNarrowed(from: Uint8Array, start: number, end: number): void {
    this.reserve(end - start);
    for (let i = start; i < end; i++) {
      const byte = from[i] ?? 0;
      const isPair = byte >= 0x80;
      this.bytes[this.at++] = isPair ? ((byte & 0x03) << 6) | ((from[++i] ?? 0) & 0x3f) : byte;
      if (isPair) this.oddity = 1;
    }
  }

  /** Takes out one byte. */
  removeAt(at: number): void {
    this.bytes.copyWithin(at, at + 1, this.at);
    this.at--;
  }

  /** A peer's text, one character a byte. */
  latin1(text: string): void {
    const { length } = text;
    this.reserve(length);
    const { bytes } = this;
    let { at, oddity } = this;
    for (let i = 0; i < length; i++) {
      const byte = text.charCodeAt(i) & 0xff;
      oddity |= IS_ODD[byte] ?? 0;
      bytes[at++] = byte;
    }
    this.at = at;
    this.oddity = oddity;
  }

  utf8(text: string): void {
    this.reserve(3 * text.length);
    this.at += this.bytes.write(text, this.at, "utf8");
  }

  /** A whole number, not negative. */
  integer(value: number): void {
    if (value > MAX_INT32) {
      this.latin1(String(value));
      return;
    }
    const whole = value | 0;
    if (whole >= 1_000_000) {
      this.#digits(whole, digitsOf(whole));
      return;
    }
    const thousands = (whole / 1000) | 0;
    const first = thousands === 0 ? whole : thousands;
    this.#word(DIGITS[first] ?? 0, first < 10 ? 1 : first < 100 ? 2 : 3);
    if (thousands !== 0) this.threeDigits(whole - thousands * 1000);
  }

  /** A whole number below a thousand, with zeros in front. */
  threeDigits(value: number): void {
    this.#word(THREE_DIGITS[value] ?? 0, 3);
  }

  /** A number of thousandths, with a point before the last three digits. */
  thousandths(value: number): void {
    const whole = value > MAX_INT32 ? Math.floor(value / 1000) : ((value | 0) / 1000) | 0;
    this.integer(whole);
    this.#word(POINT_AND_DIGITS[value - whole * 1000] ?? 0, 4);
  }

  /** The first `length` bytes of four. */
  #word(word: number, length: number): void {
    this.reserve(4);
    this.#view.setInt32(this.at, word, true);
    this.at += length;
  }

  #digits(value: number, count: number): void {
    this.reserve(count);
    const { bytes, at } = this;
    let left = value;
    for (let i = at + count - 1; i >= at; i--) {
      const rest = (left / 10) | 0;
      bytes[i] = ZERO + left - rest * 10;
      left = rest;
    }
    this.at = at + count;
  }

  /** Of what stands behind `start`: cuts it at the first `byte`. */
  cutAt(start: number, byte: number): void {
    const found = this.#indexOf(start, byte);
    if (found !== -1) this.at = found;
  }

  /** Of what stands behind `start`: keeps only what follows the first `byte`. */
  keepBehind(start: number, byte: number): void {
    const found = this.#indexOf(start, byte);
    if (found !== -1) this.bytes.copyWithin(start, found + 1, this.at);
    this.at = found === -1 ? start : start + this.at - found - 1;
  }

  #indexOf(start: number, byte: number): number {
    for (let i = start; i < this.at; i++) if (this.bytes[i] === byte) return i;
    return -1;
  }

  /** Writes what stands behind `start` otherwise: `written` gets it with one character a byte. */
  rewriteSince(start: number, written: (text: string) => string): void {
    const text = this.latin1Since(start);
    this.at = start;
    this.utf8(written(text));
  }

  /** What stands behind `start`, one character a byte. */
  latin1Since(start: number): string {
    return this.bytes.toString("latin1", start, this.at);
  }
}

function digitsOf(value: number): number {
  let count = 7;
  for (let bound = 10_000_000; value >= bound; bound *= 10) count++;
  return count;
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
