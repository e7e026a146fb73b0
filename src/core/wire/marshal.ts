// Python's marshal format, as much of it as an environ needs: text, references, None, a tuple and the frame of a dict.
// CPython 3.4 and newer read these types (Python/marshal.c); nothing here knows HTTP.
// Never its interned types (Z, A): CPython 3.12 and 3.13 keep every interned string for ever, so a peer that invents
// field names would fill the worker's memory (measured: 100 bytes a name); and loading them takes 15-20 % longer.

import { Buffer } from "node:buffer";

export const MARSHAL = {
  dict: 0x7b, // {
  tuple: 0x28, // (, count in four bytes
  none: 0x4e, // N
  /** Ends a dict. */
  null: 0x30, // 0
  shortAscii: 0x7a, // z, length in one byte
  ascii: 0x61, // a, length in four bytes
  unicode: 0x75, // u, UTF-8, length in four bytes
  reference: 0x72, // r, index in four bytes
  /** Or-ed to a type: the object is remembered under the next index, for a reference later. */
  flagRef: 0x80,
} as const;

export const SHORT_PREFIX_BYTES = 2;
export const LONG_PREFIX_BYTES = 5;
/** A text value takes at most this many bytes for each of its own, besides its prefix: latin-1 as UTF-8. */
export const MAX_GROWTH = 2;

/**
 * Writes type and length of an ASCII text of `length` bytes, which the caller writes behind it.
 * Returns the offset where they go.
 */
export function writeAsciiPrefix(
  out: Uint8Array,
  at: number,
  length: number,
  flag: number = 0,
): number {
  if (length < 256) {
    out[at] = MARSHAL.shortAscii | flag;
    out[at + 1] = length;
    return at + SHORT_PREFIX_BYTES;
  }
  return writeLongPrefix(out, at, MARSHAL.ascii | flag, length);
}

/** Writes a type and four bytes of length (or of a reference's index). */
export function writeLongPrefix(out: Uint8Array, at: number, type: number, length: number): number {
  out[at] = type;
  out[at + 1] = length;
  out[at + 2] = length >>> 8;
  out[at + 3] = length >>> 16;
  out[at + 4] = length >>> 24;
  return at + LONG_PREFIX_BYTES;
}

/** A text whose characters are bytes (latin-1), as key or value. */
export function textOf(text: string): Uint8Array {
  const start = LONG_PREFIX_BYTES;
  const out = Buffer.alloc(start + MAX_GROWTH * text.length);
  out.write(text, start, "latin1");
  return Uint8Array.prototype.slice.call(out, 0, closeText(out, start, start + text.length));
}

/**
 * Makes the latin-1 bytes in `[start, end)` of `out` a text that starts 5 bytes before `start`. Returns its end.
 * There are as many bytes of room behind it.
 */
export function closeText(out: Uint8Array, start: number, end: number): number {
  if (!isAscii(out, start, end)) return widenInPlace(out, start, end);
  const textAt = writeAsciiPrefix(out, start - LONG_PREFIX_BYTES, end - start);
  if (textAt !== start) out.copyWithin(textAt, start, end);
  return textAt + end - start;
}

function isAscii(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if ((bytes[i] ?? 0) >= 0x80) return false;
  return true;
}

/**
 * Turns the latin-1 bytes in `[start, end)` of `out` into a unicode text: UTF-8, and its prefix in the 5 bytes before
 * `start`. Writes from the end backwards, since the text grows in place. Returns the new end.
 */
export function widenInPlace(out: Uint8Array, start: number, end: number): number {
  let wide = 0;
  for (let i = start; i < end; i++) wide += (out[i] ?? 0) >>> 7;
  const newEnd = end + wide;
  let to = newEnd;
  for (let from = end - 1; from >= start && to > from; from--) {
    const byte = out[from] ?? 0;
    if (byte < 0x80) {
      out[--to] = byte;
    } else {
      out[--to] = 0x80 | (byte & 0x3f);
      out[--to] = 0xc0 | (byte >>> 6);
    }
  }
  writeLongPrefix(out, start - LONG_PREFIX_BYTES, MARSHAL.unicode, newEnd - start);
  return newEnd;
}
