// THE table of what an access log line can hold: the names that templates use are the keys of the JSON lines. Each field writes its bytes
// as they are, or nothing; the formats decide what stands around them, and how what peers sent is escaped.

import { textEnd, textStart, typeAt } from "../wire/environ-lookup.ts";
import { REMOTE_ADDRESS_AT } from "../wire/environ.ts";
import { MARSHAL } from "../wire/marshal.ts";
import { NO_TIME, type AccessRecord } from "./access-record.ts";
import type { LineBuffer } from "./line-buffer.ts";
import { writeCommonTime, writeIsoTime, writeMilliseconds, writeUnixTime } from "./log-time.ts";

export type FieldWriter = (record: AccessRecord, out: LineBuffer) => void;

interface Declared {
  /** One line for the documentation. */
  readonly help: string;
  /** `text` is a peer's or may be (to be escaped); `plain` holds nothing to escape; `number` is written as it is. */
  readonly kind: "text" | "plain" | "number";
  /** Writes nothing when there is nothing to say. */
  readonly write: FieldWriter;
}

const QUERY_MARK = 0x3f;
const SPACE = 0x20;

export const ACCESS_FIELDS = {
  time: {
    help: "when it was over: `2026-11-20T19:09:28.123Z`",
    kind: "plain",
    write: ({ epochMs }, out) => writeIsoTime(out, epochMs),
  },
  time_common: {
    help: "the same as Apache writes it: `20/Nov/2026:19:09:28 +0000`",
    kind: "plain",
    write: ({ epochMs }, out) => writeCommonTime(out, epochMs),
  },
  time_unix: {
    help: "the same in seconds since 1970: `1795201768.123`",
    kind: "number",
    write: ({ epochMs }, out) => writeUnixTime(out, epochMs),
  },
  request_id: {
    help: "`X-Request-ID`: of a trusted proxy, or made",
    kind: "plain",
    write: ({ head, headlessId }, out) => {
      if (head === undefined) out.latin1(headlessId);
      else out.copy(head.environ, head.idStart, head.idEnd);
    },
  },
  client: {
    help: "the client's address",
    kind: "text",
    write: ({ head, headlessClient }, out) => {
      if (head === undefined) out.latin1(headlessClient);
      else writeValue(head.environ, REMOTE_ADDRESS_AT, out);
    },
  },
  method: { help: "`GET`", kind: "text", write: writeMethod },
  target: { help: "as sent, with its query: `/search?q=1`", kind: "text", write: writeTarget },
  path: {
    help: "the target without its query: `/search`",
    kind: "text",
    write: withoutQuery(writeTarget),
  },
  query: {
    help: "what stands behind the `?`: `q=1`",
    kind: "text",
    write: (record, out) => {
      const start = out.at;
      writeTarget(record, out);
      out.keepBehind(start, QUERY_MARK);
    },
  },
  protocol: {
    help: "`HTTP/1.1`",
    kind: "plain",
    write: ({ head }, out) => {
      if (head !== undefined) out.latin1(protocolOf(head.minorVersion));
    },
  },
  request_line: {
    help: "method, target and protocol: `GET /search?q=1 HTTP/1.1`",
    kind: "text",
    write: requestLine(writeTarget),
  },
  status: {
    help: "of the answer; 499: the client left before there was one",
    kind: "number",
    write: ({ status }, out) => out.integer(status),
  },
  outcome: {
    help: "why the server answered itself, or why an answer is not whole; nothing when all went well",
    kind: "plain",
    write: ({ outcome }, out) => out.latin1(outcome),
  },
  bytes_in: {
    help: "of the request's body",
    kind: "number",
    write: ({ bytesIn }, out) => out.integer(bytesIn),
  },
  bytes_out: {
    help: "of the answer's body, taken for the client",
    kind: "number",
    write: ({ bytesOut }, out) => out.integer(bytesOut),
  },
  receive_ms: {
    help: "from the whole head to the whole body",
    kind: "number",
    write: ({ receiveMs }, out) => writeKnown(out, receiveMs),
  },
  queue_ms: {
    help: "from the whole request until the application began",
    kind: "number",
    write: ({ queueMs }, out) => writeKnown(out, queueMs),
  },
  app_ms: {
    help: "run time of the application, until its answer was whole if it runs on behind that",
    kind: "number",
    write: ({ appMs }, out) => writeKnown(out, appMs),
  },
  total_ms: {
    help: "from the whole head to the last byte of the answer, which a slow client may read later",
    kind: "number",
    write: ({ totalMs }, out) => writeMilliseconds(out, totalMs),
  },
  pid: {
    help: "the worker's process",
    kind: "number",
    write: ({ pid }, out) => {
      if (pid !== 0) out.integer(pid);
    },
  },
  user_agent: {
    help: "`User-Agent`",
    kind: "text",
    write: ({ head }, out) => {
      if (head !== undefined) writeValue(head.environ, head.agentAt, out);
    },
  },
  referrer: { help: "`Referer`", kind: "text", write: writeReferrer },
} as const satisfies Record<string, Declared>;

export type AccessField = keyof typeof ACCESS_FIELDS;

export function isAccessField(name: string): name is AccessField {
  return Object.hasOwn(ACCESS_FIELDS, name);
}

export const ACCESS_FIELD_NAMES: readonly AccessField[] =
  Object.keys(ACCESS_FIELDS).filter(isAccessField);

/** Queries hold secrets now and then: a log without them. */
const FIELDS_WITHOUT_QUERY: Readonly<Partial<Record<AccessField, FieldWriter>>> = {
  target: ACCESS_FIELDS.path.write,
  query: () => {},
  request_line: requestLine(ACCESS_FIELDS.path.write),
  referrer: withoutQuery(writeReferrer),
};

/** How a field of a record is written. */
export function fieldWriter(name: AccessField, hasQuery: boolean): FieldWriter {
  const without = hasQuery ? undefined : FIELDS_WITHOUT_QUERY[name];
  return without ?? ACCESS_FIELDS[name].write;
}

/** The value that lies at `at`; 0 is none. */
function writeValue(environ: Uint8Array, at: number, out: LineBuffer): void {
  if (at === 0) return;
  const start = textStart(environ, at);
  const end = textEnd(environ, at);
  if (typeAt(environ, at) === MARSHAL.unicode) out.copyNarrowed(environ, start, end);
  else out.copy(environ, start, end);
}

function writeMethod({ head, headlessLine }: AccessRecord, out: LineBuffer): void {
  if (head !== undefined) out.latin1(head.method);
  else out.latin1(headlessLine.slice(0, Math.max(0, headlessLine.indexOf(" "))));
}

function writeTarget({ head, headlessLine }: AccessRecord, out: LineBuffer): void {
  if (head !== undefined) writeValue(head.environ, head.targetAt, out);
  else out.latin1(headlessLine.slice(headlessLine.indexOf(" ") + 1));
}

function writeReferrer({ head }: AccessRecord, out: LineBuffer): void {
  if (head !== undefined) writeValue(head.environ, head.referrerAt, out);
}

function withoutQuery(write: FieldWriter): FieldWriter {
  return (record, out) => {
    const start = out.at;
    write(record, out);
    out.cutAt(start, QUERY_MARK);
  };
}

/** As far as it is known. */
function requestLine(target: FieldWriter): FieldWriter {
  return (record, out) => {
    const { head, headlessLine } = record;
    writeMethod(record, out);
    if (head !== undefined || headlessLine.includes(" ")) out.byte(SPACE);
    target(record, out);
    if (head === undefined) return;
    out.byte(SPACE);
    out.latin1(protocolOf(head.minorVersion));
  };
}

function protocolOf(minorVersion: number): string {
  return minorVersion === 1 ? "HTTP/1.1" : `HTTP/1.${minorVersion}`;
}

function writeKnown(out: LineBuffer, ms: number): void {
  if (ms !== NO_TIME) writeMilliseconds(out, ms);
}
