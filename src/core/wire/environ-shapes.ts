// The shape of an environ: all keys, with the values that many requests have in common (docs/protocol.md section 1). A client sends the same
// fields in the same order again and again, so its connection remembers the last one; connections with the same shape share it. Bytes only.

import { Buffer } from "node:buffer";
import { FIELD, type FieldName } from "../http/field-names.ts";
import type { RequestHead } from "../http/request-head.ts";
import type { ConnectionEnviron } from "./connection-environ.ts";
import { MARSHAL, textOf } from "./marshal.ts";
import type { RequestTrace } from "./request-trace.ts";
import { ShapeWriter } from "./shape-writer.ts";

export interface Shape {
  readonly bytes: Uint8Array;
  /** How many keys have their values in the tuple. */
  readonly count: number;
  /** Empty for an uncommon one, which is one of these values. */
  readonly method: string;
  /** What a head needs to have the same shape: the same facts and the same names. Negative: it is for one head only. */
  readonly facts: number;
  readonly names: readonly FieldName[];
  /** Whose keys are among them. */
  readonly trace: RequestTrace | undefined;
}

const KEY = {
  method: textOf("REQUEST_METHOD"),
  path: textOf("PATH_INFO"),
  query: textOf("QUERY_STRING"),
  requestUri: textOf("REQUEST_URI"),
  rawUri: textOf("RAW_URI"),
  host: textOf("HTTP_HOST"),
  contentLength: textOf("CONTENT_LENGTH"),
};
/** By the minor version, one digit (RFC 9112 section 2.3), as the peer sent it. */
const PROTOCOLS = Array.from({ length: 10 }, (_, minor) =>
  concat([textOf("SERVER_PROTOCOL"), textOf(`HTTP/1.${minor}`)]),
);
const NONE = Uint8Array.of(MARSHAL.none);
/** The keys of the target's values. */
const TARGET_KEYS = concat(
  [KEY.path, KEY.query, KEY.requestUri, KEY.rawUri].flatMap((key) => [key, NONE]),
);
const TARGET_KEY_COUNT = 4;

/** What most requests have in common, in one piece each: method, protocol, and the keys of the target. */
const COMMON_METHODS = ["GET", "POST", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"];
const COMMON_STARTS = COMMON_METHODS.map((method) =>
  PROTOCOLS.map((protocol) => concat([KEY.method, textOf(method), protocol, TARGET_KEYS])),
);

/** Room for every key that is not a field's. */
const FIXED_BYTES = 512;
/** Room for what a name costs besides its own bytes: `HTTP_`, a prefix, the sign for its value. */
const BYTES_PER_FIELD = 24;
/** Beyond this they are forgotten and learned again: clients may send what names they like. */
const MAX_SHARED = 256;
/** Larger ones are no browser's: they are written anew each time, and no idle connection keeps them. */
const MAX_KEPT_BYTES = 2048;

export class EnvironShapes {
  readonly #trace: RequestTrace | undefined;
  readonly #writer = new ShapeWriter();
  /** By their bytes and names. */
  readonly #shared = new Map<string, Shape>();
  /** Of the newest connection that did not begin as the one before it: clients that come for one request come often, and alike. */
  #newest: { readonly start: Uint8Array; readonly shape: Shape } | undefined;

  constructor(trace: RequestTrace | undefined) {
    this.#trace = trace;
  }

  /** `hasHost`: HTTP_HOST stands in `connection`. `isChunked`: CONTENT_LENGTH follows when the body is whole. */
  of(
    head: RequestHead,
    connection: ConnectionEnviron,
    hasHost: boolean,
    isChunked: boolean,
  ): Shape {
    const facts = factsOf(head, isChunked);
    const known = connection.shapeOfLast;
    if (known !== undefined && this.#fits(known, facts, head)) return known;
    const newest = this.#newest?.start === connection.shape ? this.#newest.shape : undefined;
    const shape =
      newest !== undefined && this.#fits(newest, facts, head)
        ? newest
        : this.#write(head, connection, hasHost, isChunked, facts);
    if (facts < 0 || shape.bytes.length > MAX_KEPT_BYTES) return shape;
    // Not for the first request: many connections have no other.
    if (connection.hasBegun) connection.shapeOfLast = this.#share(shape);
    else if (shape !== newest) this.#newest = { start: connection.shape, shape };
    connection.hasBegun = true;
    return shape;
  }

  #fits(shape: Shape, facts: number, head: RequestHead): boolean {
    return shape.facts === facts && shape.trace === this.#trace && hasNames(head, shape.names);
  }

  #share(shape: Shape): Shape {
    const names = shape.names.map(({ lower }) => lower).join();
    const key = `${Buffer.from(shape.bytes).toString("latin1")}\n${shape.facts}\n${names}`;
    const known = this.#shared.get(key);
    if (known !== undefined && known.names.every((name, index) => name === shape.names[index])) {
      return known;
    }
    if (this.#shared.size >= MAX_SHARED) this.#shared.clear();
    this.#shared.set(key, shape);
    return shape;
  }

  #write(
    head: RequestHead,
    connection: ConnectionEnviron,
    hasHost: boolean,
    isChunked: boolean,
    facts: number,
  ): Shape {
    const writer = this.#writer;
    const names: FieldName[] = [];
    for (let i = 0; i < head.fieldCount; i++) {
      const name = head.names[i];
      if (name !== undefined) names.push(name);
    }
    const nameBytes = names.reduce((sum, { lower }) => sum + lower.length + BYTES_PER_FIELD, 0);
    writer.begin(connection.shape, connection.count, FIXED_BYTES + nameBytes);
    if (this.#trace !== undefined) writer.add(this.#trace.keys, this.#trace.count);
    const method = addStart(writer, head);
    const hasAuthority = head.authorityEnd > head.authorityStart;
    if (hasAuthority && !hasHost) writer.addKey(KEY.host);
    addFields(writer, head, names, hasHost || hasAuthority);
    if (isChunked) writer.addKey(KEY.contentLength);
    const bytes = writer.end();
    return { bytes, count: writer.count, method, facts, names, trace: this.#trace };
  }
}

/** REQUEST_METHOD, SERVER_PROTOCOL and the keys of the target. Returns the method, if it is no value of its own. */
function addStart(writer: ShapeWriter, head: RequestHead): string {
  const index = commonMethodIndex(head);
  const common = COMMON_STARTS[index]?.[head.minorVersion];
  if (common !== undefined) {
    writer.add(common, TARGET_KEY_COUNT);
    return COMMON_METHODS[index] ?? "";
  }
  writer.addKey(KEY.method);
  const protocol = PROTOCOLS[head.minorVersion];
  if (protocol !== undefined) writer.add(protocol, 0);
  writer.add(TARGET_KEYS, TARGET_KEY_COUNT);
  return "";
}

/** One key for each name, at the place of its first field. */
function addFields(
  writer: ShapeWriter,
  head: RequestHead,
  names: readonly FieldName[],
  skipsHost: boolean,
): void {
  for (const [index, name] of names.entries()) {
    if (name.dropped || (skipsHost && name.id === FIELD.host)) continue;
    if (head.hasRepeatedFields && names.findIndex((one) => one.lower === name.lower) < index) {
      continue;
    }
    if (name.id !== FIELD.contentLength) writer.addKey(name.environKey);
    else if (head.contentLength >= 0) writer.addKey(KEY.contentLength);
  }
}

/** All that decides a shape besides the names and the connection; negative where heads seldom agree. */
function factsOf(head: RequestHead, isChunked: boolean): number {
  const method = commonMethodIndex(head);
  if (method < 0 || head.hasRepeatedFields) return -1;
  const hasAuthority = head.authorityEnd > head.authorityStart;
  const flags = (hasAuthority ? 1 : 0) | (isChunked ? 2 : 0) | (head.contentLength >= 0 ? 4 : 0);
  return flags | (head.minorVersion << 3) | (method << 7);
}

/** The same objects, for the table of names has one for each. */
function hasNames(head: RequestHead, names: readonly FieldName[]): boolean {
  const { length } = names;
  if (head.fieldCount !== length) return false;
  for (let i = 0; i < length; i++) if (head.names[i] !== names[i]) return false;
  return true;
}

/** -1 when the method is not a common one. Methods are case-sensitive (RFC 9110 section 9.1). */
function commonMethodIndex(head: RequestHead): number {
  const { bytes, methodStart: start } = head;
  const length = head.methodEnd - start;
  next: for (let m = 0; m < COMMON_METHODS.length; m++) {
    const method = COMMON_METHODS[m] ?? "";
    if (method.length !== length) continue;
    for (let i = 0; i < length; i++) {
      if (bytes[start + i] !== method.charCodeAt(i)) continue next;
    }
    return m;
  }
  return -1;
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
