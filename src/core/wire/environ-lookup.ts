// Reads single values back out of an environ in marshal format: what logs and error pages want of a request is looked up when they
// want it, so that requests need not carry it. Understands what core/wire/environ.ts writes and nothing else.

import { Buffer } from "node:buffer";
import { TUPLE_AT, VALUES_AT } from "./environ.ts";
import { readU32 } from "./frame.ts";
import { LONG_PREFIX_BYTES, MARSHAL, SHORT_PREFIX_BYTES } from "./marshal.ts";

/** The bytes in `[start, end)`, which are ASCII. */
export function asciiText(environ: Uint8Array, start: number, end: number): string {
  return asBuffer(environ).toString("latin1", start, end);
}

/** An environ key as it is looked up: its bytes, without a prefix. */
export function environKey(name: string): Uint8Array {
  return Buffer.from(name, "latin1");
}

/** The value of `key` as the peer sent it, latin-1; empty when there is none. */
export function environValue(environ: Uint8Array, key: Uint8Array): string {
  const valuesEnd = valuesEndOf(environ);
  let apartAt = VALUES_AT;
  // Behind the type of the dict.
  let at = valuesEnd + 1;
  while (at < environ.length && environ[at] !== MARSHAL.null) {
    const keyStart = textStart(environ, at);
    const keyEnd = textEnd(environ, at);
    const isApart = environ[keyEnd] === MARSHAL.none;
    if (keyEnd - keyStart === key.length && isKeyAt(environ, keyStart, key)) {
      const found = isApart ? apartAt : keyEnd;
      // The length of a chunked body is not there while it is still coming.
      return found === valuesEnd ? "" : valueAt(environ, found);
    }
    if (isApart) apartAt = textEnd(environ, apartAt);
    at = isApart ? keyEnd + 1 : textEnd(environ, keyEnd);
  }
  return "";
}

/** Where the values end and the shape begins. */
export function valuesEndOf(environ: Uint8Array): number {
  return TUPLE_AT + readU32(environ, 0);
}

export function typeAt(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) & ~MARSHAL.flagRef;
}

export function textStart(bytes: Uint8Array, at: number): number {
  if (bytes[at] === MARSHAL.shortAscii) return at + SHORT_PREFIX_BYTES; // Nearly all are of this type.
  return at + (typeAt(bytes, at) === MARSHAL.shortAscii ? SHORT_PREFIX_BYTES : LONG_PREFIX_BYTES);
}

export function textEnd(bytes: Uint8Array, at: number): number {
  if (bytes[at] === MARSHAL.shortAscii) return at + SHORT_PREFIX_BYTES + (bytes[at + 1] ?? 0);
  const type = typeAt(bytes, at);
  if (type === MARSHAL.shortAscii) return at + SHORT_PREFIX_BYTES + (bytes[at + 1] ?? 0);
  if (type === MARSHAL.reference) return at + LONG_PREFIX_BYTES;
  const low = (bytes[at + 1] ?? 0) | ((bytes[at + 2] ?? 0) << 8);
  return (
    at + LONG_PREFIX_BYTES + (low | ((bytes[at + 3] ?? 0) << 16)) + (bytes[at + 4] ?? 0) * 2 ** 24
  );
}

function asBuffer(bytes: Uint8Array): Buffer {
  if (bytes instanceof Buffer) return bytes;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** From the last byte backwards: the keys of an environ differ there rather than at their start. */
export function isKeyAt(bytes: Uint8Array, at: number, key: Uint8Array): boolean {
  for (let i = key.length - 1; i >= 0; i--) if (bytes[at + i] !== key[i]) return false;
  return true;
}

/** The value that lies at `at`, as the peer sent it, latin-1. */
export function valueAt(environ: Uint8Array, at: number): string {
  const bytes = asBuffer(environ);
  const start = textStart(environ, at);
  const end = textEnd(environ, at);
  // Unicode is latin-1 that was widened: as a string it is what the peer sent, one character a byte.
  return bytes.toString(typeAt(environ, at) === MARSHAL.unicode ? "utf8" : "latin1", start, end);
}
