// Chunks of a channel -> what the worker said, for the front (docs/protocol.md section 1). Hot: once per answer.
// A pull reader with reused fields instead of frame objects; it holds no body, copies only what a chunk leaves
// incomplete of a header or head block, and trusts nothing. Which frame may follow which is state.ts's business, and where
// pieces lie that are not in the channel is that of a PiecesInMemory.

import {
  ANSWER_FIXED_BYTES,
  ANSWER_FLAG,
  BODY_FLAG,
  END_BYTES,
  END_FLAG,
  FRAME,
  FRAME_HEADER_BYTES,
  HELLO_BYTES,
  MAX_HEAD_BLOCK_BYTES,
  MAX_PAYLOAD_BYTES,
  PLACE_BYTES,
  readU16,
  readU32,
  readU64,
  TOKEN_BYTES,
} from "./frame.ts";

/** What `next()` found. The numbers of the frames are those of FRAME. */
export const READ = { needMore: 0, hello: 1, answer: 2, body: 3, end: 4, violation: 5 } as const;
export type Read = (typeof READ)[keyof typeof READ];

const EMPTY = new Uint8Array(0);
/** Holds every header and nearly every head block; a longer one gets a buffer of its own, for as long as it lasts. */
const USUAL_REST_BYTES = 4096;
const ALL_ANSWER_FLAGS =
  ANSWER_FLAG.complete |
  ANSWER_FLAG.end |
  ANSWER_FLAG.length |
  ANSWER_FLAG.date |
  ANSWER_FLAG.server |
  ANSWER_FLAG.id |
  ANSWER_FLAG.memory;
const ALL_BODY_FLAGS = BODY_FLAG.complete | BODY_FLAG.memory;

/** Pieces of answers that a worker has left beside its channel (docs/protocol.md section 7). */
export interface PiecesInMemory {
  /** The memory in which the piece lies at `start`; undefined if this worker can have none there. It stays as it is until `leave`. */
  take(start: number, length: number): Uint8Array | undefined;
  /** What was taken last stays as it is until what this returns is called. */
  keep(): () => void;
  /** What was taken last was read, unless it is kept. */
  leave(): void;
}

export class FrameReader {
  // The fields hold after `next()` until the following `next()` or `push()`.

  /** The buffer that every range below points into: the chunk that was pushed, the reader's own, or (a piece alone) the memory. */
  bytes: Uint8Array = EMPTY;
  number = 0;
  /** Of the frame that the event belongs to. COMPLETE and END count once its last piece is out: see `isFrameOver`. */
  flags = 0;
  /** False while more body pieces of the same frame will be reported (as `body`, also those of an ANSWER). */
  isFrameOver = true;

  /** hello: a copy. */
  token: Uint8Array = EMPTY;
  version = 0;
  thread = 0;
  pid = 0;

  /** answer: 100 to 999. */
  status = 0;
  /** answer: the value of its Content-Length field, -1 when it has none. */
  contentLength = -1;
  /** end, and the pieces of an answer with END: nanoseconds. Otherwise 0. */
  runNs = 0;
  /** answer: body bytes of the whole frame; pieces of it may still be to come. */
  frameBodyBytes = 0;
  /** answer: the head block; it ends in CRLF. */
  headStart = 0;
  headEnd = 0;
  /** answer, body: what is there of the body. Empty at an answer whose body is empty or still to come. */
  pieceStart = 0;
  pieceEnd = 0;

  /** end: the answer must not look complete to the client. */
  isBroken = false;

  /** Why the last `next()` said violation, for the log; empty as long as none was found. */
  violation = "";

  /** Where pieces lie that are not in the channel; undefined: nowhere yet. */
  memory: PiecesInMemory | undefined;

  readonly #hold: () => () => void;
  #chunk: Uint8Array = EMPTY;
  #at = 0;
  /** Payload bytes of the frame in hand that were not reported yet. */
  #left = 0;
  #rest: Uint8Array = new Uint8Array(USUAL_REST_BYTES);
  #restLength = 0;
  /** Of a piece in memory that was not reported yet: where it lies; 0 bytes: there is none. */
  #placeStart = 0;
  #placedBytes = 0;
  /** The event is a piece in memory. */
  #isInMemory = false;

  /** `hold`: the chunk that was pushed must stay as it is until what it returns is called. */
  constructor(hold: () => () => void = () => nothing) {
    this.#hold = hold;
  }

  /** Takes the next bytes of the channel. Only after `next()` said needMore (or at first): nothing is queued here. */
  push(chunk: Uint8Array): void {
    if (this.#at < this.#chunk.length && this.violation === "") {
      throw new Error("push() before next() said needMore");
    }
    this.#chunk = chunk;
    this.#at = 0;
  }

  /** Reports the next event. A violation is final: the channel is to be closed. */
  next(): Read {
    if (this.#isInMemory) this.#leaveMemory();
    if (this.violation !== "") return READ.violation;
    if (this.#placedBytes > 0) return this.#nextInMemory();
    if (this.#left > 0) return this.#nextPiece();
    if (this.#restLength > 0) return this.#nextFromRest();
    return this.#nextFromChunk();
  }

  /** What the piece lies in must stay as it is, until what this returns is called. */
  keep(): () => void {
    if (this.#isInMemory && this.memory !== undefined) return this.memory.keep();
    return this.#hold();
  }

  #nextFromChunk(): Read {
    const chunk = this.#chunk;
    const at = this.#at;
    const available = chunk.length - at;
    const needed = this.#neededBytes(chunk, at, available);
    if (needed < 0) return READ.violation;
    if (needed <= available) return this.#decode(chunk, at, needed);
    if (available > 0) this.#toRest(needed, available);
    return READ.needMore;
  }

  /** A header or head block was cut by the end of a chunk: completes it in the reader's own buffer. */
  #nextFromRest(): Read {
    for (;;) {
      const needed = this.#neededBytes(this.#rest, 0, this.#restLength);
      if (needed < 0) return READ.violation;
      const missing = needed - this.#restLength;
      if (missing <= 0) {
        this.#restLength = 0;
        return this.#decode(this.#rest, 0, needed);
      }
      const available = this.#chunk.length - this.#at;
      if (available === 0) return READ.needMore;
      this.#toRest(needed, Math.min(missing, available));
    }
  }

  /** Moves `count` bytes of the chunk behind the rest, which will grow to `needed` bytes. */
  #toRest(needed: number, count: number): void {
    if (this.#restLength === 0 && this.#rest.length > USUAL_REST_BYTES) {
      this.#rest = new Uint8Array(USUAL_REST_BYTES);
    }
    if (this.#rest.length < needed) {
      const larger = new Uint8Array(needed);
      larger.set(this.#rest.subarray(0, this.#restLength));
      this.#rest = larger;
    }
    this.#rest.set(this.#chunk.subarray(this.#at, this.#at + count), this.#restLength);
    this.#restLength += count;
    this.#at += count;
  }

  /**
   * How many bytes from `at` the next event needs in one piece, as far as the `available` ones tell: the header, then
   * all of the payload but body bytes. -1 after a violation.
   */
  #neededBytes(bytes: Uint8Array, at: number, available: number): number {
    if (available < FRAME_HEADER_BYTES) return FRAME_HEADER_BYTES;
    const length = readU32(bytes, at);
    const flags = bytes[at + 5] ?? 0;
    if (readU16(bytes, at + 6) !== 0) return this.#violate("reserved bytes are not zero");
    if (length > MAX_PAYLOAD_BYTES) return this.#violate(`payload of ${length} bytes`);
    const type = bytes[at + 4] ?? 0;
    switch (type) {
      case FRAME.answer:
        if ((flags & ~ALL_ANSWER_FLAGS) !== 0) return this.#violate(`ANSWER with flags ${flags}`);
        return this.#neededOfAnswer(bytes, at, available, length);
      case FRAME.body:
        if ((flags & ~ALL_BODY_FLAGS) !== 0) return this.#violate(`BODY with flags ${flags}`);
        return this.#neededOfBody(flags, length);
      case FRAME.end:
        if ((flags & ~END_FLAG.broken) !== 0) return this.#violate(`END with flags ${flags}`);
        if (length !== END_BYTES) return this.#violate(`END of ${length} bytes`);
        return FRAME_HEADER_BYTES + END_BYTES;
      case FRAME.hello:
        if (flags !== 0) return this.#violate(`HELLO with flags ${flags}`);
        if (length !== HELLO_BYTES) return this.#violate(`HELLO of ${length} bytes`);
        return FRAME_HEADER_BYTES + HELLO_BYTES;
      default:
        return this.#violate(`unknown frame type ${type}`);
    }
  }

  #neededOfBody(flags: number, length: number): number {
    // Without bytes it has only one thing to say.
    if (length === 0 && flags === 0) return this.#violate("BODY without bytes");
    if ((flags & BODY_FLAG.memory) === 0) return FRAME_HEADER_BYTES;
    if (length !== PLACE_BYTES) return this.#violate(`BODY with a place of ${length} bytes`);
    return FRAME_HEADER_BYTES + PLACE_BYTES;
  }

  #neededOfAnswer(bytes: Uint8Array, at: number, available: number, length: number): number {
    if (length < ANSWER_FIXED_BYTES) return this.#violate(`ANSWER of ${length} bytes`);
    const fixedEnd = FRAME_HEADER_BYTES + ANSWER_FIXED_BYTES;
    if (available < fixedEnd) return fixedEnd;
    const headLength = readU32(bytes, at + FRAME_HEADER_BYTES + 4);
    if (headLength > MAX_HEAD_BLOCK_BYTES) {
      return this.#violate(`head block of ${headLength} bytes`);
    }
    if (ANSWER_FIXED_BYTES + headLength > length) {
      return this.#violate("head block longer than its frame");
    }
    if (((bytes[at + 5] ?? 0) & ANSWER_FLAG.memory) === 0) return fixedEnd + headLength;
    const placeBytes = length - ANSWER_FIXED_BYTES - headLength;
    if (placeBytes !== PLACE_BYTES) {
      return this.#violate(`ANSWER with a place of ${placeBytes} bytes`);
    }
    return fixedEnd + headLength + PLACE_BYTES;
  }

  /** Reads the `needed` bytes at `at`, which are all there. */
  #decode(bytes: Uint8Array, at: number, needed: number): Read {
    this.bytes = bytes;
    this.flags = bytes[at + 5] ?? 0;
    this.isFrameOver = true;
    this.runNs = 0;
    if (bytes === this.#chunk) this.#at = at + needed;
    const type = bytes[at + 4] ?? 0;
    this.number = readU64(bytes, at + 8);
    // HELLO belongs to no request; every other frame does, and the numbers of requests start at 1.
    if ((this.number === 0) !== (type === FRAME.hello) || !Number.isSafeInteger(this.number)) {
      this.#violate(`frame type ${type} with request number ${this.number}`);
      return READ.violation;
    }
    const payload = at + FRAME_HEADER_BYTES;
    switch (type) {
      case FRAME.answer:
        return this.#decodeAnswer(bytes, payload, readU32(bytes, at));
      case FRAME.body:
        if ((this.flags & BODY_FLAG.memory) !== 0) {
          this.#readPlace(bytes, payload);
          return this.#nextInMemory();
        }
        this.#left = readU32(bytes, at);
        return this.#nextPiece();
      case FRAME.end:
        this.isBroken = (this.flags & END_FLAG.broken) !== 0;
        this.runNs = readU64(bytes, payload);
        return READ.end;
      default:
        // Not slice(): a Buffer's shares its memory.
        this.token = Uint8Array.from(bytes.subarray(payload, payload + TOKEN_BYTES));
        this.version = readU16(bytes, payload + TOKEN_BYTES);
        this.thread = readU16(bytes, payload + TOKEN_BYTES + 2);
        this.pid = readU32(bytes, payload + TOKEN_BYTES + 4);
        return READ.hello;
    }
  }

  #decodeAnswer(bytes: Uint8Array, payload: number, payloadLength: number): Read {
    const headLength = readU32(bytes, payload + 4);
    this.status = readU16(bytes, payload);
    this.headStart = payload + ANSWER_FIXED_BYTES;
    this.headEnd = this.headStart + headLength;
    const problem = this.#answerProblem(bytes, payload);
    if (problem !== "") {
      this.#violate(problem);
      return READ.violation;
    }
    const hasLength = (this.flags & ANSWER_FLAG.length) !== 0;
    this.contentLength = hasLength ? readU64(bytes, payload + 8) : -1;
    if ((this.flags & ANSWER_FLAG.end) !== 0) {
      this.flags |= ANSWER_FLAG.complete;
      this.runNs = readU64(bytes, payload + 16);
    }
    if ((this.flags & ANSWER_FLAG.memory) !== 0) {
      this.#readPlace(bytes, this.headEnd);
      this.frameBodyBytes = this.#placedBytes;
      this.pieceStart = this.pieceEnd = this.headEnd;
      this.isFrameOver = false;
      return this.#placedBytes === 0 ? this.#nextInMemory() : READ.answer;
    }
    this.#left = payloadLength - ANSWER_FIXED_BYTES - headLength;
    this.frameBodyBytes = this.#left;
    // A head block from the rest and body bytes in the chunk cannot be one pair of ranges: the body comes on its own.
    if (this.#left > 0 && bytes === this.#chunk) this.#takePiece();
    else this.pieceStart = this.pieceEnd = this.headEnd;
    this.isFrameOver = this.#left === 0;
    return READ.answer;
  }

  #answerProblem(bytes: Uint8Array, payload: number): string {
    if (this.status < 100 || this.status > 999) return `ANSWER with status ${this.status}`;
    if (readU16(bytes, payload + 2) !== 0) return "reserved bytes of ANSWER are not zero";
    const isHeadEnded = bytes[this.headEnd - 2] === 0x0d && bytes[this.headEnd - 1] === 0x0a;
    if (this.headEnd - this.headStart < 2 || !isHeadEnded) return "head block without final CRLF";
    const contentLength = readU64(bytes, payload + 8);
    const hasLength = (this.flags & ANSWER_FLAG.length) !== 0;
    if (!Number.isSafeInteger(contentLength) || (!hasLength && contentLength !== 0)) {
      return `ANSWER with content length ${contentLength}`;
    }
    return "";
  }

  /** Reports what the chunk has of the body bytes of the frame in hand. */
  #nextPiece(): Read {
    if (this.#left > 0 && this.#at === this.#chunk.length) return READ.needMore;
    this.bytes = this.#chunk;
    this.#takePiece();
    this.isFrameOver = this.#left === 0;
    return READ.body;
  }

  #readPlace(bytes: Uint8Array, at: number): void {
    this.#placeStart = readU32(bytes, at);
    this.#placedBytes = readU32(bytes, at + 4);
  }

  /** Reports the piece that lies in memory, all of it. */
  #nextInMemory(): Read {
    const [start, length] = [this.#placeStart, this.#placedBytes];
    const bytes = length === 0 ? undefined : this.memory?.take(start, length);
    if (bytes === undefined) {
      this.#violate(`no piece of ${length} bytes lies at ${start} of its memory`);
      return READ.violation;
    }
    this.bytes = bytes;
    this.pieceStart = start;
    this.pieceEnd = start + length;
    this.#placedBytes = 0;
    this.#isInMemory = true;
    this.isFrameOver = true;
    return READ.body;
  }

  #leaveMemory(): void {
    this.#isInMemory = false;
    this.memory?.leave();
  }

  #takePiece(): void {
    const length = Math.min(this.#left, this.#chunk.length - this.#at);
    this.pieceStart = this.#at;
    this.pieceEnd = this.#at + length;
    this.#at = this.pieceEnd;
    this.#left -= length;
  }

  #violate(text: string): -1 {
    this.violation = text;
    return -1;
  }
}

function nothing(): void {}
