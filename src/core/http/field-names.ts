// Field names as values: each name that a peer sends becomes one FieldName, found by bytes without making a string.
// Knows which names the server itself reads (RFC 9110, 9112) and what CGI calls them (RFC 3875 section 4.1); knows no values.
// The table is bounded: a peer that invents names cannot make it grow (beyond the bound a name is made for each use).

/** Numbers of the field names that the server itself reads; every other name is `other`. */
export const FIELD = {
  other: 0,
  host: 1,
  contentLength: 2,
  transferEncoding: 3,
  connection: 4,
  expect: 5,
  cookie: 6,
  contentType: 7,
  requestId: 8,
  requestStart: 9,
  userAgent: 10,
  referrer: 11,
} as const;

export type FieldId = (typeof FIELD)[keyof typeof FIELD];

/** One field name. `dropped` names never reach the application as they are: `_` collides with `-` in CGI, and Proxy is httpoxy. */
export interface FieldName {
  readonly lower: string;
  readonly id: FieldId;
  readonly dropped: boolean;
  /** The environ key, in marshal format, not interned (core/wire/marshal.ts says why): `HTTP_ACCEPT`, `CONTENT_TYPE`. */
  readonly environKey: Uint8Array;
  /** Serial number of the head that named this field last (-1: none yet), and the index at which that head named it first: finds repeated fields without a set. */
  seenIn: number;
  seenAt: number;
}

const NEVER_PASSED: ReadonlySet<string> = new Set(["proxy", "transfer-encoding"]);
const MAX_NAMES = 2048;
const SLOTS = 8192;

const ID_BY_NAME = new Map<string, FieldId>([
  ["host", FIELD.host],
  ["content-length", FIELD.contentLength],
  ["transfer-encoding", FIELD.transferEncoding],
  ["connection", FIELD.connection],
  ["expect", FIELD.expect],
  ["cookie", FIELD.cookie],
  ["content-type", FIELD.contentType],
  ["x-request-id", FIELD.requestId],
  ["x-request-start", FIELD.requestStart],
  ["user-agent", FIELD.userAgent],
  ["referer", FIELD.referrer],
]);

export class FieldNameTable {
  /** Open addressing by the caller's hash; an entry is compared byte by byte before it is believed. */
  readonly #slots: (FieldName | undefined)[] = Array.from({ length: SLOTS });
  readonly #hidden: ReadonlySet<string>;
  #count = 0;
  /** How many were made for their head alone: long ones, and all that are new once the table is full. */
  passing = 0;
  #serial = 0;

  /** `hidden`: lower-case names that are dropped besides, because the server says itself what they say. */
  constructor(hidden: ReadonlySet<string> = new Set()) {
    this.#hidden = hidden;
  }

  /** A number for the next head, to stamp its names with. Wraps at 30 bits, so that it stays a small integer. */
  nextSerial(): number {
    this.#serial = (this.#serial + 1) & 0x3fffffff;
    return this.#serial;
  }

  /**
   * The name in `bytes[start, end)`, which the caller has checked to be a token (RFC 9110 section 5.6.2).
   * `hash` is any 32-bit hash that ignores case; equal names must come with equal hashes.
   */
  find(bytes: Uint8Array, start: number, end: number, hash: number): FieldName {
    let slot = hash & (SLOTS - 1);
    for (let probes = 0; probes < 8; probes++) {
      const known = this.#slots[slot];
      if (known === undefined) return this.#add(slot, bytes, start, end);
      if (isSameName(known.lower, bytes, start, end)) return known;
      slot = (slot + 1) & (SLOTS - 1);
    }
    this.passing++;
    return makeFieldName(bytes, start, end, this.#hidden);
  }

  #add(slot: number, bytes: Uint8Array, start: number, end: number): FieldName {
    const made = makeFieldName(bytes, start, end, this.#hidden);
    if (this.#count < MAX_NAMES && end - start <= 64) {
      this.#count++;
      this.#slots[slot] = made;
    } else this.passing++;
    return made;
  }
}

function isSameName(lower: string, bytes: Uint8Array, start: number, end: number): boolean {
  if (lower.length !== end - start) return false;
  for (let i = start; i < end; i++) {
    let byte = bytes[i] ?? 0;
    if (byte >= 0x41 && byte <= 0x5a) byte |= 0x20;
    if (lower.charCodeAt(i - start) !== byte) return false;
  }
  return true;
}

function makeFieldName(
  bytes: Uint8Array,
  start: number,
  end: number,
  hidden: ReadonlySet<string>,
): FieldName {
  let lower = "";
  for (let i = start; i < end; i++) lower += String.fromCharCode(bytes[i] ?? 0);
  lower = lower.toLowerCase();
  return {
    lower,
    id: ID_BY_NAME.get(lower) ?? FIELD.other,
    dropped: NEVER_PASSED.has(lower) || lower.includes("_") || hidden.has(lower),
    environKey: environKeyOf(lower),
    seenIn: -1,
    seenAt: -1,
  };
}

const TYPE_SHORT_ASCII = 0x7a;
const TYPE_ASCII = 0x61;

/** RFC 3875 section 4.1.18: upper case, `-` becomes `_`, `HTTP_` in front, except for the two that are CGI's own. */
function environKeyOf(lower: string): Uint8Array {
  const cgi = lower.toUpperCase().replaceAll("-", "_");
  const isPlain = cgi === "CONTENT_TYPE" || cgi === "CONTENT_LENGTH";
  const text = isPlain ? cgi : `HTTP_${cgi}`;
  if (text.length < 256) {
    const key = new Uint8Array(2 + text.length);
    key[0] = TYPE_SHORT_ASCII;
    key[1] = text.length;
    for (let i = 0; i < text.length; i++) key[2 + i] = text.charCodeAt(i);
    return key;
  }
  const key = new Uint8Array(5 + text.length);
  key[0] = TYPE_ASCII;
  new DataView(key.buffer).setUint32(1, text.length, true);
  for (let i = 0; i < text.length; i++) key[5 + i] = text.charCodeAt(i);
  return key;
}
