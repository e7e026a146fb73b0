// The head of one request as bytes and offsets: filled by the HTTP/1.1 parser, read by the environ encoder.
// One object per connection, reused: what it says holds until the parser is asked for the next event.
// No string is made here; `methodText` and its like exist for log lines and refusals.

import type { FieldName } from "./field-names.ts";

/** The forms of a request target (RFC 9112 section 3.2) that reach an application. */
export const TARGET_FORM = { origin: 0, absolute: 1, asterisk: 2 } as const;
export type TargetForm = (typeof TARGET_FORM)[keyof typeof TARGET_FORM];

/** Where fields lie: two offsets per field, value start and value end (white space around it trimmed, RFC 9110 section 5.5). */
const OFFSETS_PER_FIELD = 2;

export class RequestHead {
  /** The bytes that every offset points into. */
  bytes: Uint8Array = new Uint8Array(0);
  methodStart = 0;
  methodEnd = 0;
  /** The request target as sent; its end is 0 until it is whole. */
  targetStart = 0;
  targetEnd = 0;
  targetForm: TargetForm = TARGET_FORM.origin;
  /** The path, still percent-encoded. Empty for an absolute-form target without a path (means `/`) and for `*`. */
  pathStart = 0;
  pathEnd = 0;
  /** The query behind `?`, which is not part of it; an empty range when there is none. */
  queryStart = 0;
  queryEnd = 0;
  /** The authority of an absolute-form target; an empty range otherwise. It replaces Host (RFC 9112 section 3.2.2). */
  authorityStart = 0;
  authorityEnd = 0;
  /** The digit behind `HTTP/1.` as sent: 0 for HTTP/1.0; 1 for HTTP/1.1, and all that is above is treated as 1. */
  minorVersion = 1;

  fieldCount = 0;
  /** The same name is the same object within one head. In this and the lists below, entries from `fieldCount` on are left over from earlier heads. */
  readonly names: FieldName[] = [];
  readonly offsets: number[] = [];
  /** 1 in `nonAscii[i]` when field i's value has a byte of 0x80 or above (obs-text). */
  readonly nonAscii: number[] = [];
  /** At least one name stands more than once. */
  hasRepeatedFields = false;
  /** The path has at least one `%`. */
  pathHasEscapes = false;

  isHead = false;
  /** GET, HEAD, OPTIONS or TRACE (RFC 9110 section 9.2.1): may be run once more when a worker dies. */
  isSafe = false;
  /** The body's length; 0 when there is none, -1 when it is chunked. */
  contentLength = 0;
  /** Host, or the authority of the target, was given. */
  hasHost = false;
  /** The peer waits for 100 Continue before it sends the body (RFC 9110 section 10.1.1). */
  expectsContinue = false;
  /** The connection may carry another request after this one (RFC 9112 section 9.3). */
  keepAlive = true;

  /** The peer is a proxy whose word on its clients counts. Set before the head is encoded. */
  isFromTrustedProxy = false;

  /** Nothing of them is needed any more. */
  forgetFields(): void {
    this.fieldCount = 0;
    this.names.length = 0;
  }

  /** The head's bytes were copied to `bytes`, where they lie `by` bytes further in front. */
  moveTo(bytes: Uint8Array, by: number): void {
    this.bytes = bytes;
    if (by === 0) return;
    this.methodStart -= by;
    this.methodEnd -= by;
    this.targetStart -= by;
    this.targetEnd -= by;
    this.pathStart -= by;
    this.pathEnd -= by;
    this.queryStart -= by;
    this.queryEnd -= by;
    this.authorityStart -= by;
    this.authorityEnd -= by;
    // One more than is counted: the field that is being read.
    const moved = Math.min((this.fieldCount + 1) * OFFSETS_PER_FIELD, this.offsets.length);
    for (let i = 0; i < moved; i++) this.offsets[i] = (this.offsets[i] ?? 0) - by;
  }

  valueStart(index: number): number {
    return this.offsets[index * OFFSETS_PER_FIELD] ?? 0;
  }

  valueEnd(index: number): number {
    return this.offsets[index * OFFSETS_PER_FIELD + 1] ?? 0;
  }
}

/** The value of a field, of several lines as one list (RFC 9110 section 5.3); "" for none. For errors, never on the hot path. */
export function fieldText(head: RequestHead, lower: string): string {
  const values: string[] = [];
  for (let index = 0; index < head.fieldCount; index++) {
    if (head.names[index]?.lower !== lower) continue;
    values.push(latin1Of(head.bytes, head.valueStart(index), head.valueEnd(index)));
  }
  return values.join(", ");
}

/** The bytes in `[start, end)` as latin-1 text, for logs and errors, never on the hot path. */
export function latin1Of(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let i = start; i < end; i++) text += String.fromCharCode(bytes[i] ?? 0);
  return text;
}
