// What a whole head means for the connection: host, body framing, expectation, keep-alive, repeated names.
// One pass over the fields, made at once when the head is complete: the stamps on FieldName objects, which all
// connections share, are then written and read without another head in between.

import { FIELD, type FieldName, type FieldNameTable } from "../http/field-names.ts";
import { REFUSALS, type Refusal } from "../http/refusal.ts";
import type { RequestHead } from "../http/request-head.ts";
import { isAuthority } from "./authority.ts";
import { frameBody, type FramingFields } from "./body-framing.ts";
import { CONNECTION, EXPECTATION, readConnection, readExpect } from "./lists.ts";

/** A name that no head has shown yet: see FieldName.seenIn. */
const NEVER = -1;

/** Reads the facts of RequestHead off its fields. One per parser: its counters are reused. */
export class HeadFacts {
  readonly #head: RequestHead;
  readonly #names: FieldNameTable;
  readonly #maxBodyBytes: number;
  readonly #framing: FramingFields = {
    contentLengths: 0,
    contentLengthAt: 0,
    transferEncodings: 0,
  };

  constructor(head: RequestHead, names: FieldNameTable, maxBodyBytes: number) {
    this.#head = head;
    this.#names = names;
    this.#maxBodyBytes = maxBodyBytes;
  }

  /** Fills the facts of a head whose request line and fields are in place. */
  read(): Refusal | undefined {
    const head = this.#head;
    const bytes = head.bytes;
    const framing = this.#framing;
    framing.contentLengths = 0;
    framing.transferEncodings = 0;
    head.hasRepeatedFields = false;
    const serial = this.#names.nextSerial();
    let hosts = 0;
    let connection = 0;
    let expects = false;

    for (let index = 0; index < head.fieldCount; index++) {
      const name = this.#stamp(index, serial);
      if (name === undefined || name.id === FIELD.other) continue;
      const start = head.valueStart(index);
      const end = head.valueEnd(index);
      if (name.id === FIELD.host) {
        hosts++;
        if (hosts > 1) return REFUSALS.repeatedHost;
        if (!isAuthority(bytes, start, end)) return REFUSALS.badHost;
      } else if (name.id === FIELD.connection) {
        connection |= readConnection(bytes, start, end);
      } else if (name.id === FIELD.contentLength) {
        framing.contentLengths++;
        framing.contentLengthAt = index;
      } else if (name.id === FIELD.transferEncoding) {
        framing.transferEncodings++;
      } else if (name.id === FIELD.expect) {
        const expectation = readExpect(bytes, start, end);
        if (expectation === EXPECTATION.unknown) return REFUSALS.unknownExpectation;
        if (expectation === EXPECTATION.continue) expects = true;
      }
    }

    const isHttp10 = head.minorVersion === 0;
    // RFC 9112 section 3.2: required even when the target has an authority, which then wins.
    if (hosts === 0 && !isHttp10) return REFUSALS.missingHost;
    head.hasHost = hosts > 0 || head.authorityEnd > head.authorityStart;
    head.keepAlive =
      (connection & CONNECTION.close) === 0 &&
      (!isHttp10 || (connection & CONNECTION.keepAlive) !== 0);
    const refusal = frameBody(head, framing, this.#maxBodyBytes);
    // HTTP/1.0 has no 100 Continue, and nothing need be awaited for a body that is not there (RFC 9110 section 10.1.1).
    head.expectsContinue = expects && !isHttp10 && head.contentLength !== 0;
    return refusal;
  }

  /** Marks the name of field `index` as seen here; finds out whether an earlier field of this head has it too. */
  #stamp(index: number, serial: number): FieldName | undefined {
    const head = this.#head;
    let name = head.names[index];
    if (name === undefined) return undefined;
    if (name.seenIn === NEVER) {
      // Perhaps a name for which the table has no room: such a name is a new object each time.
      name = earlierTwin(head, index, name);
      head.names[index] = name;
    }
    // The serial wraps, so an old stamp may look like this one; the index proves it.
    if (name.seenIn === serial && name.seenAt < index && head.names[name.seenAt] === name) {
      head.hasRepeatedFields = true;
      return name;
    }
    name.seenIn = serial;
    name.seenAt = index;
    return name;
  }
}

/** The object that stands for the same name in an earlier field of this head, or `name` itself. */
function earlierTwin(head: RequestHead, index: number, name: FieldName): FieldName {
  for (let i = 0; i < index; i++) {
    const earlier = head.names[i];
    if (earlier !== undefined && earlier.lower === name.lower) return earlier;
  }
  return name;
}
