// What a request costs is learned per route: this folds a request's method and path to a number, without knowing any
// application's URL patterns. Numbers and ids count as one symbol, so /users/7/posts and /users/123/posts are one route.
// Two routes with the same hash share their estimate, nothing worse.

import type { RequestHead } from "../http/request-head.ts";

/** Bounds the work: what stands behind this many bytes of the path does not count. */
const MAX_PATH_BYTES = 1024;
const MIN_HEX_ID_DIGITS = 8;
const UUID_BYTES = 36;

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;
/** No byte of a request target (RFC 3986): stands for any number or id. */
const ID = 0;

const NONE = 0;
const LETTER = 1;
const HEX_LETTER = 2;
const DIGIT = 3;
const CLASSES = Uint8Array.from({ length: 256 }, (_, byte) => classOf(byte));

/**
 * 32-bit hash (FNV-1a) of method and path, unsigned. The query does not count. Within a path segment a UUID, a run of
 * 8 or more hex digits that is no part of a longer word, and any other run of decimal digits fold to one symbol.
 */
export function routeOf(head: RequestHead): number {
  const { bytes, pathStart } = head;
  const end = Math.min(head.pathEnd, pathStart + MAX_PATH_BYTES);
  let hash = FNV_OFFSET;
  for (let i = head.methodStart; i < head.methodEnd; i++) hash = mix(hash, bytes[i] ?? 0);
  let isWordStart = true;
  let i = pathStart;
  while (i < end) {
    const byte = bytes[i] ?? 0;
    const kind = CLASSES[byte] ?? NONE;
    const idEnd = isWordStart && kind >= HEX_LETTER ? idEndOf(bytes, i, end) : i;
    if (idEnd > i) {
      hash = mix(hash, ID);
      i = idEnd;
    } else if (kind === DIGIT) {
      hash = mix(hash, ID);
      i = runEndOf(bytes, i, end, DIGIT);
    } else {
      hash = mix(hash, byte);
      i++;
    }
    isWordStart = kind === NONE;
  }
  return hash >>> 0;
}

/** Where the UUID or hex id that starts at `start`, the start of a word, ends; `start` itself when there is none. */
function idEndOf(bytes: Uint8Array, start: number, end: number): number {
  const hexEnd = runEndOf(bytes, start, end, HEX_LETTER);
  if (hexEnd - start < MIN_HEX_ID_DIGITS || !isWordEnd(bytes, hexEnd, end)) return start;
  return isUuid(bytes, start, end) ? start + UUID_BYTES : hexEnd;
}

/** Five groups of hex digits, 8-4-4-4-12 (RFC 9562 section 4). */
function isUuid(bytes: Uint8Array, start: number, end: number): boolean {
  if (start + UUID_BYTES > end || !isWordEnd(bytes, start + UUID_BYTES, end)) return false;
  for (let i = 0; i < UUID_BYTES; i++) {
    const byte = bytes[start + i] ?? 0;
    const isHyphen = i === 8 || i === 13 || i === 18 || i === 23;
    if (isHyphen ? byte !== 0x2d : (CLASSES[byte] ?? NONE) < HEX_LETTER) return false;
  }
  return true;
}

function isWordEnd(bytes: Uint8Array, at: number, end: number): boolean {
  return at === end || CLASSES[bytes[at] ?? 0] === NONE;
}

function runEndOf(bytes: Uint8Array, start: number, end: number, least: number): number {
  let i = start;
  while (i < end && (CLASSES[bytes[i] ?? 0] ?? NONE) >= least) i++;
  return i;
}

function mix(hash: number, byte: number): number {
  return Math.imul(hash ^ byte, FNV_PRIME);
}

function classOf(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return DIGIT;
  const lower = byte | 0x20;
  if (lower >= 0x61 && lower <= 0x66) return HEX_LETTER;
  return lower >= 0x67 && lower <= 0x7a ? LETTER : NONE;
}
