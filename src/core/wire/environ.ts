// One request head -> the environ of PEP 3333 in Python's marshal format, complete but for what only a worker has: its shape (all keys, and the
// values that many requests have in common) and the values of the rest, apart from each other (docs/protocol.md section 1).
// Hot: once per request, about a microsecond. Knows CGI names and joining rules; decides nothing about a request, and
// leaves the length of a chunked body to `withContentLength`, because it is known only behind it.

import { Buffer } from "node:buffer";
import { FIELD, type FieldName } from "../http/field-names.ts";
import { latin1Of, type RequestHead, TARGET_FORM } from "../http/request-head.ts";
import type { ConnectionEnviron } from "./connection-environ.ts";
import { readU32, writeU32 } from "./frame.ts";
import {
  closeText,
  LONG_PREFIX_BYTES,
  MARSHAL,
  MAX_GROWTH,
  SHORT_PREFIX_BYTES,
  textOf,
  widenInPlace,
  writeAsciiPrefix,
} from "./marshal.ts";
import { MAX_TRACE_BYTES, type RequestTrace } from "./request-trace.ts";
import { EnvironShapes } from "./environ-shapes.ts";

/** Where the tuple of values begins: behind its length. */
export const TUPLE_AT = 4;
/** Where the first value is: behind the type of the tuple and its count. */
export const VALUES_AT = TUPLE_AT + 5;
/** A connection's values come first, and of them this one. */
export const REMOTE_ADDRESS_AT = VALUES_AT;

/** The value of RAW_URI: REQUEST_URI, the same object, under the other name that is in use for it. It is the only remembered one. */
const REMEMBERED = Uint8Array.of(MARSHAL.reference, 0, 0, 0, 0);

/** Room for every value that is not a field's, and for CONTENT_LENGTH. */
const FIXED_BYTES = 512 + MAX_TRACE_BYTES;
/** Room for what one field costs besides its own bytes: a prefix, `, `. */
const BYTES_PER_FIELD = 24;
const MAX_LENGTH_BYTES = SHORT_PREFIX_BYTES + 16;
/** The target is written up to twice: as it is, and as authority, path and query. */
const MAX_COPIES = 2;
/** From here on the engine's own copying is faster than a loop (20 ns whatever the length, against 1 ns a byte). */
const SHORT_COPY_BYTES = 14;

/** Owns one scratch buffer, reused for every request: one encoder per process is enough. */
export class EnvironEncoder {
  /** Holds the environ from offset 0 until the next `encode`; replaced by a larger one when a head needs it. */
  bytes: Uint8Array;

  /** What is said of the request written last, besides what its head says. */
  readonly trace: RequestTrace | undefined;

  /** Of the request written last: its method, and where in `bytes` the values of REQUEST_URI, HTTP_USER_AGENT and HTTP_REFERER lie; 0: nowhere. */
  method = "";
  targetAt = 0;
  agentAt = 0;
  referrerAt = 0;

  readonly #shapes: EnvironShapes;

  constructor(initialBytes: number = 64 * 1024, trace?: RequestTrace) {
    this.trace = trace;
    this.#shapes = new EnvironShapes(trace);
    this.bytes = new Uint8Array(initialBytes);
  }

  /**
   * Writes the environ of `head` and what `encodeConnectionEnviron` made. Returns its length. `hasHost`: HTTP_HOST stands in `connection`,
   * so the request's own is left out. `isChunked`: it waits for `withContentLength`.
   */
  encode(
    head: RequestHead,
    connection: ConnectionEnviron,
    hasHost: boolean = false,
    isChunked: boolean = false,
  ): number {
    const shape = this.#shapes.of(head, connection, hasHost, isChunked);
    const shift = this.#stage(head, connection, shape.bytes.length);
    const { bytes: out, trace } = this;
    out.set(connection.values, VALUES_AT);
    let at = VALUES_AT + connection.values.length;
    if (trace !== undefined) at = trace.write(out, at, head);
    this.method = shape.method;
    if (shape.method === "") {
      at = writeText(out, at, head.methodStart + shift, head.methodEnd + shift);
      this.method = latin1Of(head.bytes, head.methodStart, head.methodEnd);
    }
    at = this.#writeTarget(out, at, head, shift);
    const hasAuthority = head.authorityEnd > head.authorityStart;
    if (hasAuthority && !hasHost) {
      at = writeText(out, at, head.authorityStart + shift, head.authorityEnd + shift);
    }
    const skipsHost = hasHost || hasAuthority;
    this.agentAt = 0;
    this.referrerAt = 0;
    at = this.#writeFields(out, at, head, shift, skipsHost);
    out[TUPLE_AT] = MARSHAL.tuple;
    writeU32(out, TUPLE_AT + 1, shape.count);
    writeU32(out, 0, at - TUPLE_AT);
    return writeConstant(out, at, shape.bytes);
  }

  /** The environ of a request whose body came chunked, once it is whole: `decodedLength` bytes. */
  static withContentLength(environ: Uint8Array, decodedLength: number): Uint8Array {
    const valuesEnd = TUPLE_AT + readU32(environ, 0);
    const out = Buffer.allocUnsafe(environ.length + MAX_LENGTH_BYTES);
    out.set(environ.subarray(0, valuesEnd), 0);
    const at = writeLength(out, valuesEnd, decodedLength);
    out.set(environ.subarray(valuesEnd), at);
    writeU32(out, 0, at - TUPLE_AT);
    return out.subarray(0, at + environ.length - valuesEnd);
  }

  /** The values of PATH_INFO, QUERY_STRING, REQUEST_URI and RAW_URI. */
  #writeTarget(out: Uint8Array, at: number, head: RequestHead, shift: number): number {
    at = writePath(out, at, head, shift);
    at = writeText(out, at, head.queryStart + shift, head.queryEnd + shift);
    this.targetAt = at;
    at = writeText(out, at, head.targetStart + shift, head.targetEnd + shift);
    out[this.targetAt] = (out[this.targetAt] ?? 0) | MARSHAL.flagRef;
    return writeConstant(out, at, REMEMBERED);
  }

  /** One value for each name, at the place of its first field. */
  #writeFields(
    out: Uint8Array,
    at: number,
    head: RequestHead,
    shift: number,
    skipsHost: boolean,
  ): number {
    const { hasRepeatedFields } = head;
    for (let i = 0; i < head.fieldCount; i++) {
      const name = head.names[i];
      if (name === undefined || name.dropped || (skipsHost && name.id === FIELD.host)) continue;
      if (hasRepeatedFields && isNamedBefore(head, i, name)) continue;
      if (name.id === FIELD.contentLength) {
        at = writePeerContentLength(out, at, head);
        continue;
      }
      if (name.id >= FIELD.userAgent) this.#note(name.id, at);
      if (hasRepeatedFields) {
        at = writeJoined(out, at, head, shift, i, name);
        continue;
      }
      const from = head.valueStart(i) + shift;
      const to = head.valueEnd(i) + shift;
      at = head.nonAscii[i] === 1 ? writeLatin1(out, at, from, to) : writeText(out, at, from, to);
    }
    return at;
  }

  #note(id: FieldName["id"], at: number): void {
    if (id === FIELD.userAgent) this.agentAt = at;
    else this.referrerAt = at;
  }

  /**
   * Copies the bytes of the head once to the end of the scratch buffer: each value is then moved inside one buffer,
   * which needs no subarray (20 ns a value, against 40). Returns what to add to an offset of the head.
   */
  #stage(head: RequestHead, connection: ConnectionEnviron, shapeBytes: number): number {
    const start = head.methodStart;
    let end = head.targetEnd;
    for (let i = 0; i < head.fieldCount; i++) end = Math.max(end, head.valueEnd(i));
    const length = end - start;
    const most =
      FIXED_BYTES +
      connection.values.length +
      head.fieldCount * BYTES_PER_FIELD +
      length * MAX_COPIES * MAX_GROWTH +
      shapeBytes;
    if (most + length > this.bytes.length) this.bytes = new Uint8Array((most + length) * 2);
    const stage = this.bytes.length - length;
    this.bytes.set(head.bytes.subarray(start, end), stage);
    return stage - start;
  }
}

const ASTERISK = textOf("*");
const SLASH = textOf("/");

function writePath(out: Uint8Array, at: number, head: RequestHead, shift: number): number {
  if (head.targetForm === TARGET_FORM.asterisk) return writeConstant(out, at, ASTERISK);
  if (head.pathEnd === head.pathStart) return writeConstant(out, at, SLASH);
  const from = head.pathStart + shift;
  const to = head.pathEnd + shift;
  return head.pathHasEscapes ? writeDecoded(out, at, from, to) : writeText(out, at, from, to);
}

/** Percent-decodes (RFC 3986 section 2.1). An escape that is none stays as it is: the application may judge it. */
function writeDecoded(out: Uint8Array, at: number, from: number, to: number): number {
  const start = at + LONG_PREFIX_BYTES;
  let end = start;
  for (let i = from; i < to; i++) {
    let byte = out[i] ?? 0;
    if (byte === 0x25 && i + 2 < to) {
      const value = (hexDigit(out[i + 1] ?? 0) << 4) | hexDigit(out[i + 2] ?? 0);
      if (value >= 0) {
        byte = value;
        i += 2;
      }
    }
    out[end++] = byte;
  }
  return closeText(out, start, end);
}

/** -1 when the byte is not a hex digit. */
function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

function isNamedBefore(head: RequestHead, index: number, name: FieldName): boolean {
  for (let i = 0; i < index; i++) if (isSame(head.names[i], name)) return true;
  return false;
}

/** Equal names may be two objects: the table of names is bounded. */
function isSame(other: FieldName | undefined, name: FieldName): boolean {
  return other === name || other?.lower === name.lower;
}

/** All values of `name`, whose first field is `first`, in one text (RFC 9110 section 5.3). */
function writeJoined(
  out: Uint8Array,
  at: number,
  head: RequestHead,
  shift: number,
  first: number,
  name: FieldName,
): number {
  // Cookie is no list: its parts are separated by `; ` (RFC 6265 section 4.2.1).
  const separator = name.id === FIELD.cookie ? 0x3b : 0x2c;
  const start = at + LONG_PREFIX_BYTES;
  let end = start;
  for (let i = first; i < head.fieldCount; i++) {
    if (!isSame(head.names[i], name)) continue;
    if (i > first) {
      out[end++] = separator;
      out[end++] = 0x20;
    }
    end = copyBytes(out, end, head.valueStart(i) + shift, head.valueEnd(i) + shift);
  }
  return closeText(out, start, end);
}

/** CONTENT_LENGTH of a body that is not chunked; the field itself may have leading zeros. */
function writePeerContentLength(out: Uint8Array, at: number, head: RequestHead): number {
  if (head.contentLength < 0) return at;
  return writeLength(out, at, head.contentLength);
}

function writeLength(out: Uint8Array, at: number, length: number): number {
  const digits = String(length);
  at = writeAsciiPrefix(out, at, digits.length);
  for (let i = 0; i < digits.length; i++) out[at++] = digits.charCodeAt(i);
  return at;
}

/** The ASCII bytes in `[from, to)` as a value. */
function writeText(out: Uint8Array, at: number, from: number, to: number): number {
  return copyBytes(out, writeAsciiPrefix(out, at, to - from), from, to);
}

/** The bytes in `[from, to)`, some of them not ASCII, as a value. */
function writeLatin1(out: Uint8Array, at: number, from: number, to: number): number {
  const start = at + LONG_PREFIX_BYTES;
  return widenInPlace(out, start, copyBytes(out, start, from, to));
}

function writeConstant(out: Uint8Array, at: number, constant: Uint8Array): number {
  out.set(constant, at);
  return at + constant.length;
}

function copyBytes(out: Uint8Array, at: number, from: number, to: number): number {
  if (to - from > SHORT_COPY_BYTES) {
    out.copyWithin(at, from, to);
    return at + to - from;
  }
  for (let i = from; i < to; i++) out[at++] = out[i] ?? 0;
  return at;
}
