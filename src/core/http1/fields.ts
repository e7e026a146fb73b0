// field-line = field-name ":" OWS field-value OWS CRLF, until the empty line (RFC 9112 section 5): bytes -> names and offsets.
// Knows no single field's meaning. Strict where peers differ and smuggling begins: no folding, no space before the colon,
// no bare CR or LF, no control characters (RFC 9112 sections 2.2, 5.1 and 5.2; RFC 9110 section 5.5).

import type { FieldNameTable } from "../http/field-names.ts";
import type { RequestHead } from "../http/request-head.ts";
import { REFUSALS, type Refusal } from "../http/refusal.ts";
import { COLON, CR, FIELD_VALUE, LF, TOKEN, isWhiteSpace } from "./grammar.ts";
import { INCOMPLETE, type RequestLimits, type Scanned } from "./scanning.ts";

/** The parts of a field line in their order, then the line feed of the empty line. */
const PART = { lineStart: 0, name: 1, gap: 2, value: 3, lineFeed: 4, emptyLineFeed: 5 } as const;
type Part = (typeof PART)[keyof typeof PART];

/** FNV-1a over the lower-case name: one multiplication a byte, taken along while the byte is checked. */
const HASH_START = 0x811c9dc5 | 0;
const HASH_PRIME = 0x01000193;

export class FieldScanner {
  readonly #head: RequestHead;
  readonly #limits: RequestLimits;
  readonly #names: FieldNameTable;
  #part: Part = PART.lineStart;
  #at = 0;
  #lineStart = 0;
  #headLimit = 0;
  #hash = HASH_START;
  /** All bytes of the value so far, or-ed: bit 7 tells that one is not ASCII. */
  #bits = 0;

  constructor(head: RequestHead, limits: RequestLimits, names: FieldNameTable) {
    this.#head = head;
    this.#limits = limits;
    this.#names = names;
  }

  /** The fields begin at `start`, in a head whose first byte is at `headStart`. */
  begin(start: number, headStart: number): void {
    this.#part = PART.lineStart;
    this.#at = start;
    this.#headLimit = headStart + this.#limits.headBytes;
    this.#head.fieldCount = 0;
  }

  /** The first bytes of the head lie `by` bytes further in front now. */
  move(by: number): void {
    this.#at -= by;
    this.#lineStart -= by;
    this.#headLimit -= by;
  }

  /** Goes on in `head.bytes` up to `end`: the offset behind the empty line when all fields are there. */
  scan(end: number): Scanned {
    const head = this.#head;
    const bytes = head.bytes;
    const offsets = head.offsets;
    let part = this.#part;
    let at = this.#at;
    let hash = this.#hash;
    let bits = this.#bits;
    let bound = this.#boundOf(end);

    for (;;) {
      if (part === PART.lineStart) {
        if (at >= end) break;
        if (at >= this.#headLimit) return REFUSALS.headTooLarge;
        const byte = bytes[at] ?? 0;
        if (byte === CR) {
          at++;
          part = PART.emptyLineFeed;
        } else {
          if (TOKEN[byte] === 0) return refuseLineStart(byte);
          if (head.fieldCount === this.#limits.fieldCount) return REFUSALS.tooManyFields;
          this.#lineStart = at;
          bound = this.#boundOf(end);
          hash = HASH_START;
          part = PART.name;
        }
      }

      if (part === PART.name) {
        for (; at < bound; at++) {
          const lower = TOKEN[bytes[at] ?? 0] ?? 0;
          if (lower === 0) break;
          hash = Math.imul(hash ^ lower, HASH_PRIME);
        }
        if (at >= bound) {
          if (at >= end) break;
          return this.#refuseLength(at);
        }
        if (bytes[at] !== COLON) return refuseName(bytes[at] ?? 0);
        head.names[head.fieldCount] = this.#names.find(bytes, this.#lineStart, at, hash);
        at++;
        bits = 0;
        part = PART.gap;
      }

      if (part === PART.gap) {
        while (at < bound && isWhiteSpace(bytes[at] ?? 0)) at++;
        if (at >= end) break;
        offsets[head.fieldCount * 2] = at;
        part = PART.value;
      }

      if (part === PART.value) {
        for (; at < bound; at++) {
          const byte = bytes[at] ?? 0;
          if (FIELD_VALUE[byte] === 0) break;
          bits |= byte;
        }
        if (at >= end) break;
        if (bytes[at] !== CR) {
          return at >= bound ? this.#refuseLength(at) : refuseValue(bytes[at] ?? 0);
        }
        let valueEnd = at;
        const valueStart = offsets[head.fieldCount * 2] ?? 0;
        while (valueEnd > valueStart && isWhiteSpace(bytes[valueEnd - 1] ?? 0)) valueEnd--;
        offsets[head.fieldCount * 2 + 1] = valueEnd;
        head.nonAscii[head.fieldCount] = bits >> 7;
        at++;
        part = PART.lineFeed;
      }

      if (part === PART.lineFeed) {
        if (at >= end) break;
        if (bytes[at] !== LF) return REFUSALS.bareCarriageReturn;
        at++;
        head.fieldCount++;
        part = PART.lineStart;
      }

      if (part === PART.emptyLineFeed) {
        if (at >= end) break;
        if (at >= this.#headLimit) return REFUSALS.headTooLarge;
        return bytes[at] === LF ? at + 1 : REFUSALS.bareCarriageReturn;
      }
    }

    this.#part = part;
    this.#at = at;
    this.#hash = hash;
    this.#bits = bits;
    return INCOMPLETE;
  }

  /** How far a line may be read: the bytes may end there, or the field, or the head. */
  #boundOf(end: number): number {
    return Math.min(end, this.#lineStart + this.#limits.fieldBytes, this.#headLimit);
  }

  #refuseLength(at: number): Refusal {
    return at >= this.#headLimit ? REFUSALS.headTooLarge : REFUSALS.fieldTooLong;
  }
}

function refuseLineStart(byte: number): Refusal {
  return isWhiteSpace(byte) ? REFUSALS.foldedField : refuseName(byte);
}

function refuseName(byte: number): Refusal {
  return byte === LF ? REFUSALS.bareLineFeed : REFUSALS.badFieldName;
}

function refuseValue(byte: number): Refusal {
  return byte === LF ? REFUSALS.bareLineFeed : REFUSALS.badFieldValue;
}
