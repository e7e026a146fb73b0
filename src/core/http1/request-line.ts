// request-line = method SP request-target SP HTTP-version CRLF (RFC 9112 section 3): bytes -> offsets in the RequestHead.
// Knows no fields and no bodies; what the target says is read by target.ts.

import type { RequestHead } from "../http/request-head.ts";
import { REFUSALS, type Refusal } from "../http/refusal.ts";
import { CR, LF, SP, TARGET, TOKEN, ZERO, isDigit, isText } from "./grammar.ts";
import { INCOMPLETE, type RequestLimits, type Scanned } from "./scanning.ts";
import { readTarget } from "./target.ts";

/** The parts of the line in their order: a larger number comes later. */
const PART = { method: 0, target: 1, version: 2, carriageReturn: 3, lineFeed: 4 } as const;
type Part = (typeof PART)[keyof typeof PART];

/** `HTTP/d.d`, case-sensitive (RFC 9112 section 2.3); 0 stands for a digit. */
const VERSION = Uint8Array.from("HTTP/0.0", (sign) => (sign === "0" ? 0 : sign.charCodeAt(0)));
const MAJOR_AT = 5;
const MINOR_AT = 7;

/** The first byte of a TLS record that carries a ClientHello. No method begins with it. */
const TLS_HANDSHAKE = 0x16;

export class RequestLineScanner {
  readonly #head: RequestHead;
  readonly #maxBytes: number;
  #part: Part = PART.method;
  #at = 0;
  #versionStart = 0;

  constructor(head: RequestHead, limits: RequestLimits) {
    this.#head = head;
    this.#maxBytes = Math.min(limits.requestLineBytes, limits.headBytes);
  }

  begin(start: number): void {
    this.#head.methodStart = start;
    this.#head.targetEnd = 0;
    this.#part = PART.method;
    this.#at = start;
  }

  /** The first bytes of the head lie `by` bytes further in front now. */
  move(by: number): void {
    this.#at -= by;
    this.#versionStart -= by;
  }

  /** Goes on in `head.bytes` up to `end`: the offset behind the line's CRLF when the line is whole and good. */
  scan(end: number): Scanned {
    const head = this.#head;
    const bytes = head.bytes;
    const limit = head.methodStart + this.#maxBytes;
    const bound = Math.min(end, limit);
    let at = this.#at;

    if (this.#part === PART.method) {
      while (at < bound && TOKEN[bytes[at] ?? 0] !== 0) at++;
      if (at === bound) return this.#pause(at, end);
      if (bytes[at] !== SP || at === head.methodStart) return refuseMethod(head, at);
      head.methodEnd = at;
      at++;
      head.targetStart = at;
      this.#part = PART.target;
    }

    if (this.#part === PART.target) {
      while (at < bound && TARGET[bytes[at] ?? 0] !== 0) at++;
      if (at >= bound) return this.#pause(at, end);
      // A line that ends here is HTTP/0.9's, which nobody speaks (RFC 9112 section 2.3).
      if (bytes[at] !== SP) return refuseLineEnd(bytes[at] ?? 0, REFUSALS.badTarget);
      if (at === head.targetStart) return REFUSALS.badRequestLine;
      head.targetEnd = at;
      at++;
      this.#versionStart = at;
      this.#part = PART.version;
    }

    if (this.#part === PART.version) {
      const versionEnd = this.#versionStart + VERSION.length;
      for (; at < versionEnd; at++) {
        if (at >= bound) return this.#pause(at, end);
        const byte = bytes[at] ?? 0;
        const wanted = VERSION[at - this.#versionStart] ?? 0;
        const isWanted = wanted === 0 ? isDigit(byte) : byte === wanted;
        if (!isWanted) return refuseLineEnd(byte, REFUSALS.badVersion);
      }
      this.#part = PART.carriageReturn;
    }

    // The CR may stand on the limit: it is not part of the line.
    if (this.#part === PART.carriageReturn) {
      if (at >= end) return this.#pause(at, end);
      if (bytes[at] !== CR) {
        if (at >= limit) return REFUSALS.requestLineTooLong;
        return refuseLineEnd(bytes[at] ?? 0, REFUSALS.badVersion);
      }
      at++;
      this.#part = PART.lineFeed;
    }

    if (at >= end) return this.#pause(at, end);
    if (bytes[at] !== LF) return REFUSALS.bareCarriageReturn;
    return this.#finish() ?? at + 1;
  }

  /** Stopped before the line ended: at the end of the bytes, or else at the limit. */
  #pause(at: number, end: number): Scanned {
    if (at < end) return REFUSALS.requestLineTooLong;
    this.#at = at;
    return INCOMPLETE;
  }

  #finish(): Refusal | undefined {
    const head = this.#head;
    const bytes = head.bytes;
    if (bytes[this.#versionStart + MAJOR_AT] !== ZERO + 1) return REFUSALS.versionNotSupported;
    head.minorVersion = (bytes[this.#versionStart + MINOR_AT] ?? ZERO) - ZERO;
    readMethod(head);
    return readTarget(head);
  }
}

/** The methods that matter to the server itself; every other token is passed on as it is (RFC 9110 section 9.1). */
function readMethod(head: RequestHead): void {
  const { bytes, methodStart: start, methodEnd: end } = head;
  head.isHead = isText(bytes, start, end, "HEAD");
  head.isSafe =
    isText(bytes, start, end, "GET") ||
    head.isHead ||
    isText(bytes, start, end, "OPTIONS") ||
    isText(bytes, start, end, "TRACE");
}

function refuseMethod(head: RequestHead, at: number): Refusal {
  const byte = head.bytes[at] ?? 0;
  if (byte === TLS_HANDSHAKE && at === head.methodStart) return REFUSALS.tlsHandshake;
  return refuseLineEnd(byte, REFUSALS.badMethod);
}

/** Says what an unwanted byte is: a line end before its time has a name of its own. */
function refuseLineEnd(byte: number, otherwise: Refusal): Refusal {
  if (byte === LF) return REFUSALS.bareLineFeed;
  return byte === CR || byte === SP ? REFUSALS.badRequestLine : otherwise;
}
