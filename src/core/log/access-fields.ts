// THE table of what an access log line can hold: the names that templates use are the keys of the JSON lines. Each field gives a text,
// a number or nothing; the formats decide how that is written.

import { asciiText, environKey, environValue } from "../wire/environ-lookup.ts";
import { NO_TIME, type AccessRecord, type LoggedHead } from "./access-record.ts";
import { commonTime, isoTime, milliseconds, unixTime } from "./log-time.ts";

interface Declared {
  /** One line for the documentation. */
  readonly help: string;
  /** `text` is a peer's or may be (to be escaped); `plain` holds nothing to escape; `number` is written as it is. */
  readonly kind: "text" | "plain" | "number";
  /** Empty when there is nothing to say. */
  readonly valueOf: (record: AccessRecord) => string;
}

const USER_AGENT = environKey("HTTP_USER_AGENT");
const REFERRER = environKey("HTTP_REFERER");

export const ACCESS_FIELDS = {
  time: {
    help: "when it was over: `2026-11-20T19:09:28.123Z`",
    kind: "plain",
    valueOf: (record) => isoTime(record.epochMs),
  },
  time_common: {
    help: "the same as Apache writes it: `20/Nov/2026:19:09:28 +0000`",
    kind: "plain",
    valueOf: (record) => commonTime(record.epochMs),
  },
  time_unix: {
    help: "the same in seconds since 1970: `1795201768.123`",
    kind: "number",
    valueOf: (record) => unixTime(record.epochMs),
  },
  request_id: {
    help: "`X-Request-ID`: of a trusted proxy, or made",
    kind: "plain",
    valueOf: ({ head, headlessId }) => {
      if (head === undefined) return headlessId;
      return asciiText(head.environ, head.idStart, head.idEnd);
    },
  },
  client: { help: "the client's address", kind: "text", valueOf: ({ client }) => client },
  method: { help: "`GET`", kind: "text", valueOf: ({ requestLine }) => methodOf(requestLine) },
  target: {
    help: "as sent, with its query: `/search?q=1`",
    kind: "text",
    valueOf: ({ requestLine }) => targetOf(requestLine),
  },
  path: {
    help: "the target without its query: `/search`",
    kind: "text",
    valueOf: ({ requestLine }) => withoutQuery(targetOf(requestLine)),
  },
  query: {
    help: "what stands behind the `?`: `q=1`",
    kind: "text",
    valueOf: ({ requestLine }) => queryOf(requestLine),
  },
  protocol: {
    help: "`HTTP/1.1`",
    kind: "plain",
    valueOf: ({ head }) => (head === undefined ? "" : protocolOf(head.minorVersion)),
  },
  request_line: {
    help: "method, target and protocol: `GET /search?q=1 HTTP/1.1`",
    kind: "text",
    valueOf: ({ requestLine, head }) =>
      head === undefined ? requestLine : `${requestLine} ${protocolOf(head.minorVersion)}`,
  },
  status: {
    help: "of the answer; 499: the client left before there was one",
    kind: "number",
    valueOf: ({ status }) => String(status),
  },
  outcome: {
    help: "why the server answered itself, or why an answer is not whole; nothing when all went well",
    kind: "plain",
    valueOf: ({ outcome }) => outcome,
  },
  bytes_in: {
    help: "of the request's body",
    kind: "number",
    valueOf: ({ bytesIn }) => String(bytesIn),
  },
  bytes_out: {
    help: "of the answer's body, taken for the client",
    kind: "number",
    valueOf: ({ bytesOut }) => String(bytesOut),
  },
  receive_ms: {
    help: "from the whole head to the whole body",
    kind: "number",
    valueOf: ({ receiveMs }) => timeText(receiveMs),
  },
  queue_ms: {
    help: "from the whole request until the application began",
    kind: "number",
    valueOf: ({ queueMs }) => timeText(queueMs),
  },
  app_ms: {
    help: "run time of the application",
    kind: "number",
    valueOf: ({ appMs }) => timeText(appMs),
  },
  total_ms: {
    help: "from the whole head to the last byte of the answer, which a slow client may read later",
    kind: "number",
    valueOf: ({ totalMs }) => milliseconds(totalMs),
  },
  pid: {
    help: "the worker's process",
    kind: "number",
    valueOf: ({ pid }) => (pid === 0 ? "" : String(pid)),
  },
  user_agent: {
    help: "`User-Agent`",
    kind: "text",
    valueOf: ({ head }) => fieldOf(head, USER_AGENT),
  },
  referrer: {
    help: "`Referer`",
    kind: "text",
    valueOf: ({ head }) => fieldOf(head, REFERRER),
  },
} as const satisfies Record<string, Declared>;

export type AccessField = keyof typeof ACCESS_FIELDS;
export type FieldDeclaration = Declared;

export function isAccessField(name: string): name is AccessField {
  return Object.hasOwn(ACCESS_FIELDS, name);
}

export const ACCESS_FIELD_NAMES: readonly AccessField[] =
  Object.keys(ACCESS_FIELDS).filter(isAccessField);

/** Queries hold secrets now and then: a log without them. */
const FIELDS_WITHOUT_QUERY: Readonly<Partial<Record<AccessField, Declared["valueOf"]>>> = {
  target: ACCESS_FIELDS.path.valueOf,
  query: () => "",
  request_line: ({ requestLine, head }) => {
    const line = withoutQuery(requestLine);
    return head === undefined ? line : `${line} ${protocolOf(head.minorVersion)}`;
  },
  referrer: (record) => withoutQuery(ACCESS_FIELDS.referrer.valueOf(record)),
};

/** How a field is had from a record. */
export function valueOfField(
  name: AccessField,
  hasQuery: boolean,
): (record: AccessRecord) => string {
  const without = hasQuery ? undefined : FIELDS_WITHOUT_QUERY[name];
  return without ?? ACCESS_FIELDS[name].valueOf;
}

/** Of the request's fields, which stand behind its id. */
function fieldOf(head: LoggedHead | undefined, key: Uint8Array): string {
  return head === undefined ? "" : environValue(head.environ, key, head.idEnd);
}

function methodOf(requestLine: string): string {
  return requestLine.slice(0, Math.max(0, requestLine.indexOf(" ")));
}

function targetOf(requestLine: string): string {
  return requestLine.slice(requestLine.indexOf(" ") + 1);
}

function withoutQuery(text: string): string {
  const mark = text.indexOf("?");
  return mark === -1 ? text : text.slice(0, mark);
}

function queryOf(requestLine: string): string {
  const mark = requestLine.indexOf("?");
  return mark === -1 ? "" : requestLine.slice(mark + 1);
}

function protocolOf(minorVersion: number): string {
  return minorVersion === 1 ? "HTTP/1.1" : `HTTP/1.${minorVersion}`;
}

function timeText(ms: number): string {
  return ms === NO_TIME ? "" : milliseconds(ms);
}
