// What lets one request be followed through proxies, logs and APM tools: its id (X-Request-ID) and when it came (X-Request-Start), as
// entries of the environ. What a client says of either is replaced; a trusted proxy's word stands. Bytes only: no string, no clock.

import { FIELD, type FieldId } from "../http/field-names.ts";
import type { RequestHead } from "../http/request-head.ts";
import { MARSHAL, SHORT_PREFIX_BYTES, textOf, writeAsciiPrefix } from "./marshal.ts";

/** In order of their values, so that the ids of one process sort by time; without i, l, o and u, which are misread. */
const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
/** 32^8 requests of one process have different ids. */
const COUNTER_BYTES = 8;
export const ID_PREFIX_BYTES = 10;
export const ID_BYTES = ID_PREFIX_BYTES + COUNTER_BYTES;
/** Longer ones of a proxy are replaced: the id goes into every log line and back to the client. */
export const MAX_GIVEN_ID_BYTES = 128;
const MAX_GIVEN_START_BYTES = 64;

const ID_KEY = textOf("HTTP_X_REQUEST_ID");
const START_KEY = textOf("HTTP_X_REQUEST_START");
/** `t=` and microseconds since 1970: what New Relic, Datadog and Scout read. */
const START_BYTES = 18;
/** Room for both values, whoever gave them. */
export const MAX_TRACE_BYTES = 2 * SHORT_PREFIX_BYTES + MAX_GIVEN_ID_BYTES + MAX_GIVEN_START_BYTES;

/** The digit that follows each digit of the counter; behind the last comes the first. */
const NEXT_DIGIT = new Uint8Array(256);
for (let i = 0; i < ALPHABET.length; i++) {
  NEXT_DIGIT[ALPHABET.charCodeAt(i)] = ALPHABET.charCodeAt((i + 1) % ALPHABET.length);
}
const FIRST_DIGIT = ALPHABET.charCodeAt(0);

export interface TraceOptions {
  /** At least ID_PREFIX_BYTES random bytes: what tells the ids of this process from those of others. */
  readonly random: Uint8Array;
  /** False: no ids; X-Request-ID is a field like any other. */
  readonly hasIds: boolean;
  /** Milliseconds since 1970. */
  now(): number;
}

/** One for all connections of a server: its values are written once for each request. */
export class RequestTrace {
  /** Lower-case names of the fields that reach the application through this alone. */
  readonly ownNames: ReadonlySet<string>;
  /** The keys of the values, for the shape of the environ, and how many. */
  readonly keys: Uint8Array;
  readonly count: number;
  /** Where the id of the request written last lies: an empty range when there are none. */
  idStart = 0;
  idEnd = 0;
  /** Where its start time lies, for `stamp`; 0 when a proxy gave it. */
  startAt = 0;

  readonly #options: TraceOptions;
  /** Both values as they are when nobody gave any: the start's value, then the id's, is changed in place. */
  readonly #own: Uint8Array;
  readonly #ownStartAt = SHORT_PREFIX_BYTES;
  /** Behind the last digit of the counter. */
  readonly #ownIdEnd: number;
  #stampedMs = -1;
  #stampedSecond = -1;

  constructor(options: TraceOptions) {
    this.#options = options;
    this.ownNames = new Set(
      options.hasIds ? ["x-request-id", "x-request-start"] : ["x-request-start"],
    );
    const id = Array.from(
      options.random.subarray(0, ID_PREFIX_BYTES),
      (byte) => ALPHABET[byte & 31],
    );
    const keys = [...START_KEY, MARSHAL.none];
    const values = [...textOf(`t=${"0".repeat(START_BYTES - 2)}`)];
    if (options.hasIds) {
      keys.push(...ID_KEY, MARSHAL.none);
      values.push(...textOf(id.join("") + (ALPHABET[0] ?? "").repeat(COUNTER_BYTES)));
    }
    this.keys = Uint8Array.from(keys);
    this.count = options.hasIds ? 2 : 1;
    this.#own = Uint8Array.from(values);
    this.#ownIdEnd = this.#own.length;
  }

  /** Writes the values of `head`'s request at `at` of `out`, which has MAX_TRACE_BYTES of room. Returns their end. */
  write(out: Uint8Array, at: number, head: RequestHead): number {
    if (head.isFromTrustedProxy) return this.#writeGiven(out, at, head);
    const own = this.#own;
    this.#advance();
    this.#stampOwn();
    out.set(own, at);
    this.startAt = at + this.#ownStartAt;
    return this.#noteId(at + own.length);
  }

  /** Of a request whose body took its time: it came when it was whole. `startAt`: as it was after `write`. */
  stamp(environ: Uint8Array, startAt: number): void {
    if (startAt === 0) return;
    this.#stampOwn();
    const from = this.#ownStartAt;
    environ.set(this.#own.subarray(from, from + START_BYTES), startAt);
  }

  /** The id of a request whose head could not be read; empty when there are none. */
  nextId(): string {
    if (!this.#options.hasIds) return "";
    this.#advance();
    return String.fromCharCode(...this.#own.subarray(this.#ownIdEnd - ID_BYTES, this.#ownIdEnd));
  }

  #noteId(end: number): number {
    this.idEnd = this.#options.hasIds ? end : 0;
    this.idStart = this.#options.hasIds ? end - ID_BYTES : 0;
    return end;
  }

  #advance(): void {
    if (!this.#options.hasIds) return;
    const own = this.#own;
    for (let i = this.#ownIdEnd - 1; i >= this.#ownIdEnd - COUNTER_BYTES; i--) {
      const digit = NEXT_DIGIT[own[i] ?? 0] ?? 0;
      own[i] = digit;
      if (digit !== FIRST_DIGIT) return;
    }
  }

  /** Most requests come in the same second, many in the same millisecond: only the digits that changed are written. */
  #stampOwn(): void {
    const now = Math.trunc(this.#options.now());
    if (now === this.#stampedMs) return;
    this.#stampedMs = now;
    const second = Math.floor(now / 1000);
    const secondsAt = this.#ownStartAt + 2;
    if (second !== this.#stampedSecond) {
      this.#stampedSecond = second;
      writeDigits(this.#own, secondsAt, 10, second);
    }
    writeDigits(this.#own, secondsAt + 10, 3, now - second * 1000);
  }

  #writeGiven(out: Uint8Array, at: number, head: RequestHead): number {
    const own = this.#own;
    const start = givenValue(head, FIELD.requestStart, MAX_GIVEN_START_BYTES);
    const id = this.#options.hasIds
      ? givenValue(head, FIELD.requestId, MAX_GIVEN_ID_BYTES)
      : undefined;
    this.#advance();
    this.#stampOwn();
    const idEntryAt = this.#ownStartAt + START_BYTES;
    this.startAt = start === undefined ? at + this.#ownStartAt : 0;
    at =
      start === undefined
        ? put(out, at, own.subarray(0, idEntryAt))
        : put(out, writeAsciiPrefix(out, at, start.length), start);
    if (id === undefined) return this.#noteId(put(out, at, own.subarray(idEntryAt)));
    this.idStart = writeAsciiPrefix(out, at, id.length);
    this.idEnd = put(out, this.idStart, id);
    return this.idEnd;
  }
}

/** The first value of this field, if it is printable ASCII without quotes and spaces, and no longer than it should be. */
function givenValue(head: RequestHead, id: FieldId, maxBytes: number): Uint8Array | undefined {
  for (let i = 0; i < head.fieldCount; i++) {
    if (head.names[i]?.id !== id) continue;
    const value = head.bytes.subarray(head.valueStart(i), head.valueEnd(i));
    if (value.length === 0 || value.length > maxBytes) return undefined;
    return value.every(isHarmless) ? value : undefined;
  }
  return undefined;
}

function isHarmless(byte: number): boolean {
  return byte > 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x5c;
}

function put(out: Uint8Array, at: number, bytes: Uint8Array): number {
  out.set(bytes, at);
  return at + bytes.length;
}

function writeDigits(out: Uint8Array, at: number, count: number, value: number): void {
  for (let i = at + count - 1; i >= at; i--) {
    const rest = Math.floor(value / 10);
    out[i] = 48 + value - rest * 10;
    value = rest;
  }
}
