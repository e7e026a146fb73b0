// The head of a response as bytes: what the worker validated, plus what only the server may say (RFC 9110, RFC 9112):
// Date, Server, Connection and how the body is framed. Pure: bytes in a caller's buffer, no socket, no clock.

/** How the end of a body is told (RFC 9112 section 6.3). */
export const FRAMING = { none: 0, length: 1, chunked: 2, close: 3 } as const;
export type Framing = (typeof FRAMING)[keyof typeof FRAMING];

/** What the framing of one answer depends on. */
export interface FramingFacts {
  readonly status: number;
  readonly isHead: boolean;
  readonly minorVersion: number;
  /** The application gave a Content-Length. */
  readonly hasLength: boolean;
  /** The whole body is at hand. */
  readonly isComplete: boolean;
}

/** RFC 9110 section 6.4.1: these never have content, whatever the application produced. */
export function isBodiless(status: number, isHead: boolean): boolean {
  return isHead || status === 204 || status === 304;
}

/** RFC 9112 section 6.3, and 7.1 (chunked is not for an HTTP/1.0 peer). */
export function framingOf(facts: FramingFacts): Framing {
  if (isBodiless(facts.status, facts.isHead)) return FRAMING.none;
  if (facts.hasLength || facts.isComplete) return FRAMING.length;
  return facts.minorVersion >= 1 ? FRAMING.chunked : FRAMING.close;
}

const encoder = new TextEncoder();
const VERSION = encoder.encode("HTTP/1.1 ");
const CLOSE = encoder.encode("Connection: close\r\n");
const KEEP_ALIVE = encoder.encode("Connection: keep-alive\r\n");
const CHUNKED = encoder.encode("Transfer-Encoding: chunked\r\n");
const CONTENT_LENGTH = encoder.encode("Content-Length: ");
const REQUEST_ID = encoder.encode("X-Request-ID: ");
const SERVER = encoder.encode("Server: rickhouse\r\n");

/** Bytes that a head needs at most beyond the worker's block. */
export const HEAD_EXTRA_BYTES = 512;

export interface HeadFacts {
  readonly hasDate: boolean;
  readonly hasServer: boolean;
  readonly framing: Framing;
  /** Content-Length to add; -1 adds none (there is one in the block, or none belongs there). */
  readonly lengthToAdd: number;
  readonly keepAlive: boolean;
  readonly minorVersion: number;
  /** Where the id to add lies (printable ASCII); an empty range adds none. */
  readonly idSource: Uint8Array;
  readonly idStart: number;
  readonly idEnd: number;
}

/**
 * Writes `HTTP/1.1 `, the block `source[start, end)` (`200 OK\r\nName: value\r\n`...), the server's own fields and the empty line
 * into `out` at 0; returns the length. `out` has at least `end - start + HEAD_EXTRA_BYTES` bytes.
 */
export function writeResponseHead(
  out: Uint8Array,
  source: Uint8Array,
  start: number,
  end: number,
  own: OwnFields,
  facts: HeadFacts,
): number {
  out.set(VERSION, 0);
  let at = VERSION.length;
  out.set(source.subarray(start, end), at);
  at += end - start;
  if (!facts.hasDate && !facts.hasServer) at = put(out, at, own.dateAndServer);
  else if (!facts.hasDate) at = put(out, at, own.date);
  else if (!facts.hasServer) at = put(out, at, SERVER);
  if (facts.framing === FRAMING.chunked) at = put(out, at, CHUNKED);
  if (facts.lengthToAdd >= 0) {
    at = put(out, at, CONTENT_LENGTH);
    at = putDecimal(out, at, facts.lengthToAdd);
    out[at++] = 13;
    out[at++] = 10;
  }
  if (facts.idEnd > facts.idStart) {
    at = put(out, at, REQUEST_ID);
    for (let i = facts.idStart; i < facts.idEnd; i++) out[at++] = facts.idSource[i] ?? 0;
    out[at++] = 13;
    out[at++] = 10;
  }
  if (!facts.keepAlive) at = put(out, at, CLOSE);
  else if (facts.minorVersion === 0) at = put(out, at, KEEP_ALIVE);
  out[at++] = 13;
  out[at++] = 10;
  return at;
}

/** The lines that nearly every answer gets, made once a second. */
export interface OwnFields {
  readonly date: Uint8Array;
  readonly dateAndServer: Uint8Array;
}

/** For a clock in milliseconds since 1970 (RFC 9110 section 6.6.1): IMF-fixdate, whole seconds. */
export function ownFieldsAt(epochMs: number): OwnFields {
  const date = `Date: ${new Date(epochMs).toUTCString()}\r\n`;
  return {
    date: encoder.encode(date),
    dateAndServer: encoder.encode(`${date}Server: rickhouse\r\n`),
  };
}

function put(out: Uint8Array, at: number, bytes: Uint8Array): number {
  out.set(bytes, at);
  return at + bytes.length;
}

function putDecimal(out: Uint8Array, at: number, value: number): number {
  let digits = 1;
  for (let rest = value; rest >= 10; rest = Math.floor(rest / 10)) digits++;
  let rest = value;
  for (let i = at + digits - 1; i >= at; i--) {
    out[i] = 48 + (rest % 10);
    rest = Math.floor(rest / 10);
  }
  return at + digits;
}
