// The HTTP/1.1 request parser (RFC 9112): bytes are pushed in, events are pulled out. It owns the order of head, body and
// end, and where each byte goes; the grammar is in request-line.ts, target.ts, fields.ts, head-facts.ts, body-framing.ts
// and chunked.ts. Knows no sockets, no time and no answers.
//
// Theory of operation: chunks wait in a queue; a head or a piece of body is a range of the chunk that it came in. Only a
// head that is split over chunks is copied together, line by line, so that no byte of a body ever is. All scanners keep
// their place: each byte is looked at once, whatever the segments are, and a mistake is seen with the byte that makes it.

import { Buffer } from "node:buffer";
import type { FieldNameTable } from "../http/field-names.ts";
import { REFUSALS, type Refusal } from "../http/refusal.ts";
import { RequestHead } from "../http/request-head.ts";
import { CHUNKED } from "./body-framing.ts";
import { ChunkQueue, type Keeper } from "./chunk-queue.ts";
import { ChunkedDecoder, DECODED } from "./chunked.ts";
import { CR, LF } from "./grammar.ts";
import { HeadParser } from "./head-parser.ts";
import { INCOMPLETE, type RequestLimits, type Scanned } from "./scanning.ts";

export type { RequestLimits } from "./scanning.ts";

/** What `next` found. `needMore` holds until the next push; `refused` is the last word. */
export const PARSED = { needMore: 0, head: 1, body: 2, end: 3, refused: 4 } as const;
export type Parsed = (typeof PARSED)[keyof typeof PARSED];

/**
 * Where the parser stands: `between -> head -> (sizedBody | chunkedBody)? -> ending -> between | closed`.
 * `refused` may follow from all but `ending` and `closed`; nothing follows from `refused` and `closed`.
 */
const PHASE = {
  between: 0,
  head: 1,
  sizedBody: 2,
  chunkedBody: 3,
  ending: 4,
  closed: 5,
  refused: 6,
} as const;
type Phase = (typeof PHASE)[keyof typeof PHASE];

/** RFC 9112 section 2.2 wants at least one empty line before a request to be ignored: old clients send CRLF behind a body. */
const MAX_EMPTY_LINES = 4;
const FIRST_HEAD_BUFFER_BYTES = 1024;
const EMPTY = new Uint8Array(0);

export class RequestParser {
  /** Valid after `head` until the next call of `next`. */
  readonly head: RequestHead;
  /** After `body`: decoded bytes, a view of a chunk that was pushed. */
  bodyPiece: Uint8Array = EMPTY;
  /** After `refused`: why. */
  refusal: Refusal | undefined = undefined;

  readonly #input = new ChunkQueue();
  readonly #headParser: HeadParser;
  readonly #names: FieldNameTable;
  /** `passing` of the table when the head held no such names. */
  #passingNames: number;
  readonly #decoder: ChunkedDecoder;
  #phase: Phase = PHASE.between;
  #emptyLines = 0;
  #isLineFeedDue = false;
  /** A head that came in pieces, as far as it is here. */
  #headBuffer: Uint8Array = EMPTY;
  #headBytes = 0;
  #bodyBytesLeft = 0;

  /** `names` is shared by all connections of a server. */
  constructor(limits: RequestLimits, names: FieldNameTable) {
    this.head = new RequestHead();
    this.#names = names;
    this.#passingNames = names.passing;
    this.#headParser = new HeadParser(this.head, limits, names);
    this.#decoder = new ChunkedDecoder(limits);
  }

  /** Nothing is parsed here. `chunk` must not be written to any more, or `keep` must be called before it is. */
  push(chunk: Uint8Array): void {
    // Behind a refusal or the last request of a connection nothing has a meaning any more (RFC 9112 section 9.6).
    if (this.#phase === PHASE.refused || this.#phase === PHASE.closed) return;
    this.#input.push(chunk);
  }

  /**
   * The chunk that was pushed last is about to be overwritten: what is still needed of it moves to where `keeper` puts it. A piece of
   * body that was handed out is its receiver's business.
   */
  keep(keeper: Keeper): void {
    if (this.#input.bufferedBytes > 0) this.#input.keep(keeper);
  }

  /**
   * The next event: `head`, then any number of `body`, then `end`, for each request. Without another call the bytes
   * behind stay as they are. Behind the `end` of a request without keep-alive there is only `needMore`.
   */
  next(): Parsed {
    switch (this.#phase) {
      case PHASE.between:
        return this.#skipEmptyLines();
      case PHASE.head:
        return this.#collectHead();
      case PHASE.sizedBody:
        return this.#takeSizedBody();
      case PHASE.chunkedBody:
        return this.#decodeBody();
      case PHASE.ending:
        return this.#end();
      case PHASE.closed:
        return PARSED.needMore;
      case PHASE.refused:
        return PARSED.refused;
    }
  }

  /** Bytes that were pushed and are not part of an event yet. */
  get bufferedBytes(): number {
    return this.#input.bufferedBytes + this.#headBytes;
  }

  /** True before the first byte of a head was seen by `next` (empty lines before it do not count), and behind the last request. */
  get isBetweenRequests(): boolean {
    return this.#phase === PHASE.between || this.#phase === PHASE.closed;
  }

  #skipEmptyLines(): Parsed {
    const input = this.#input;
    while (input.hasBytes()) {
      const byte = input.bytes[input.at];
      if (this.#isLineFeedDue) {
        if (byte !== LF) return this.#refuse(REFUSALS.bareCarriageReturn);
        this.#isLineFeedDue = false;
        this.#emptyLines++;
        if (this.#emptyLines > MAX_EMPTY_LINES) return this.#refuse(REFUSALS.tooManyEmptyLines);
      } else if (byte === CR) {
        this.#isLineFeedDue = true;
      } else if (byte === LF) {
        return this.#refuse(REFUSALS.bareLineFeed);
      } else {
        return this.#beginHead();
      }
      input.at++;
    }
    // Ten thousand idle connections: none may keep the chunk of its last request.
    input.clear();
    this.head.bytes = EMPTY;
    this.#headBuffer = EMPTY;
    if (this.#names.passing !== this.#passingNames) {
      this.#passingNames = this.#names.passing; // Of this connection or of others: nobody counts for each.
      this.head.forgetFields();
    }
    return PARSED.needMore;
  }

  /** The common case: the whole head is in this chunk, and the offsets point into it. */
  #beginHead(): Parsed {
    const input = this.#input;
    this.#phase = PHASE.head;
    this.#headParser.begin(input.bytes, input.at);
    const scanned = this.#headParser.scan(input.bytes.length);
    if (scanned !== INCOMPLETE) {
      if (typeof scanned === "number") input.at = scanned;
      return this.#finishHead(scanned);
    }
    this.#appendToHead(input.bytes.length);
    this.#headParser.move(this.#headBuffer);
    return this.#collectHead();
  }

  /** The other case: one line after the other is copied behind what is here, until the head is whole. */
  #collectHead(): Parsed {
    const input = this.#input;
    while (input.hasBytes()) {
      const lineFeed = input.bytes.indexOf(LF, input.at);
      this.#appendToHead(lineFeed === -1 ? input.bytes.length : lineFeed + 1);
      this.head.bytes = this.#headBuffer;
      const scanned = this.#headParser.scan(this.#headBytes);
      if (scanned !== INCOMPLETE) return this.#finishHead(scanned);
    }
    return PARSED.needMore;
  }

  /** Moves the input up to `end` into the head's buffer, which doubles. The scanners' limits bound it. */
  #appendToHead(end: number): void {
    const input = this.#input;
    const piece = input.bytes.subarray(input.at, end);
    const needed = this.#headBytes + piece.length;
    if (needed > this.#headBuffer.length) {
      const larger = Math.max(needed, 2 * this.#headBuffer.length, FIRST_HEAD_BUFFER_BYTES);
      // A Buffer as the chunks are, so that the scanners' loops see one kind of array.
      const grown = Buffer.allocUnsafeSlow(larger);
      grown.set(this.#headBuffer.subarray(0, this.#headBytes));
      this.#headBuffer = grown;
    }
    this.#headBuffer.set(piece, this.#headBytes);
    this.#headBytes = needed;
    input.at = end;
  }

  #finishHead(scanned: Scanned): Parsed {
    this.#headBytes = 0;
    if (typeof scanned !== "number") return this.#refuse(scanned);
    const length = this.head.contentLength;
    if (length === 0) {
      this.#phase = PHASE.ending;
    } else if (length === CHUNKED) {
      this.#phase = PHASE.chunkedBody;
      this.#decoder.begin();
    } else {
      this.#phase = PHASE.sizedBody;
      this.#bodyBytesLeft = length;
    }
    return PARSED.head;
  }

  #takeSizedBody(): Parsed {
    if (!this.#input.hasBytes()) return PARSED.needMore;
    this.bodyPiece = this.#input.take(this.#bodyBytesLeft);
    this.#bodyBytesLeft -= this.bodyPiece.length;
    if (this.#bodyBytesLeft === 0) this.#phase = PHASE.ending;
    return PARSED.body;
  }

  #decodeBody(): Parsed {
    const input = this.#input;
    const decoder = this.#decoder;
    while (input.hasBytes()) {
      decoder.at = input.at;
      const decoded = decoder.decode(input.bytes, input.bytes.length);
      input.at = decoder.at;
      if (decoded === DECODED.piece) {
        this.bodyPiece = input.bytes.subarray(decoder.pieceStart, decoder.at);
        return PARSED.body;
      }
      if (decoded === DECODED.end) return this.#end();
      if (decoder.refusal !== undefined) return this.#refuse(decoder.refusal);
    }
    return PARSED.needMore;
  }

  /** Bytes of a body with a Content-Length that are still to come, when nothing of them lies here; else 0. */
  get bodyBytesToRead(): number {
    const isBody = this.#phase === PHASE.sizedBody && this.#input.bufferedBytes === 0;
    return isBody ? this.#bodyBytesLeft : 0;
  }

  #end(): Parsed {
    this.bodyPiece = EMPTY;
    // What is refused before its own line is whole must not be logged under this one, nor answered as a HEAD.
    this.head.targetEnd = 0;
    this.head.isHead = false;
    this.#emptyLines = 0;
    this.#phase = PHASE.between;
    if (!this.head.keepAlive) {
      this.#phase = PHASE.closed;
      this.#input.clear();
    }
    return PARSED.end;
  }

  #refuse(refusal: Refusal): Parsed {
    this.#phase = PHASE.refused;
    this.refusal = refusal;
    this.#input.clear();
    return PARSED.refused;
  }
}
