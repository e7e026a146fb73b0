// A whole request head: request line, fields, then what they mean together. Bytes and offsets only.
// Knows no body bytes, and not whether the head came in one piece.

import type { FieldNameTable } from "../http/field-names.ts";
import type { RequestHead } from "../http/request-head.ts";
import { FieldScanner } from "./fields.ts";
import { HeadFacts } from "./head-facts.ts";
import { RequestLineScanner } from "./request-line.ts";
import { INCOMPLETE, type RequestLimits, type Scanned } from "./scanning.ts";

export class HeadParser {
  readonly #head: RequestHead;
  readonly #requestLine: RequestLineScanner;
  readonly #fields: FieldScanner;
  readonly #facts: HeadFacts;
  #isInFields = false;

  constructor(head: RequestHead, limits: RequestLimits, names: FieldNameTable) {
    this.#head = head;
    this.#requestLine = new RequestLineScanner(head, limits);
    this.#fields = new FieldScanner(head, limits, names);
    this.#facts = new HeadFacts(head, names, limits.bodyBytes);
  }

  /** A head begins at `start` of `bytes`. */
  begin(bytes: Uint8Array, start: number): void {
    this.#head.bytes = bytes;
    this.#head.fieldCount = 0;
    // A head that is refused before its method was read is not the HEAD that came before it.
    this.#head.isHead = false;
    this.#requestLine.begin(start);
    this.#isInFields = false;
  }

  /** What has come of the head was copied to the front of `bytes`. */
  move(bytes: Uint8Array): void {
    const by = this.#head.methodStart;
    this.#head.moveTo(bytes, by);
    this.#requestLine.move(by);
    this.#fields.move(by);
  }

  /** Goes on up to `end`: the offset behind the head when it is complete and good. */
  scan(end: number): Scanned {
    if (!this.#isInFields) {
      const lineEnd = this.#requestLine.scan(end);
      if (typeof lineEnd !== "number" || lineEnd === INCOMPLETE) return lineEnd;
      this.#fields.begin(lineEnd, this.#head.methodStart);
      this.#isInFields = true;
    }
    const headEnd = this.#fields.scan(end);
    if (typeof headEnd !== "number" || headEnd === INCOMPLETE) return headEnd;
    return this.#facts.read() ?? headEnd;
  }
}
