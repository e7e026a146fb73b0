// Limits, each at its last allowed byte and one beyond: the defaults for the head, and a body of 20000 bytes (http-server.test.ts).

import { accepted, chunked, get, post, refused, refusedAfter, type Row } from "./row.ts";

const REQUEST_LINE = 8192;
const FIELD = 16_384;
const HEAD = 32_768;
const FIELDS = 100;
const BODY = 20_000;

function lineOf(length: number): string {
  const path = `/${"p".repeat(length - "GET / HTTP/1.1".length)}`;
  return get("", path);
}

function queryLineOf(length: number): string {
  return get("", `/?${"q".repeat(length - "GET /? HTTP/1.1".length)}`);
}

function fieldOf(length: number): string {
  return get(`X: ${"v".repeat(length - "X: ".length)}\r\n`);
}

function longNameOf(length: number): string {
  return get(`${"n".repeat(length - ": v".length)}: v\r\n`);
}

/** A head of exactly so many bytes, in fields of 1000 bytes and a last one that fills it up. */
function headOf(length: number): string {
  const line = `X: ${"v".repeat(995)}\r\n`;
  const most = Math.floor((length - get().length - 8) / line.length);
  const rest = length - get().length - most * line.length;
  const whole = get(`${line.repeat(most)}Y: ${"w".repeat(rest - "Y: \r\n".length)}\r\n`);
  if (whole.length !== length) throw new Error(`a head of ${whole.length}, not ${length} bytes`);
  return whole;
}

/** Host is one of them. */
function fieldsOf(count: number): string {
  return get(Array.from({ length: count - 1 }, (_, i) => `X${i}: y\r\n`).join(""));
}

function bodyOf(length: number): string {
  return post(`Content-Length: ${length}\r\n`, "b".repeat(length));
}

function chunksOf(length: number, size: number): string {
  let body = "";
  for (let left = length; left > 0; left -= size) {
    const bytes = Math.min(size, left);
    body += `${bytes.toString(16)}\r\n${"c".repeat(bytes)}\r\n`;
  }
  return chunked(`${body}0\r\n\r\n`);
}

export const LIMITS: readonly Row[] = [
  accepted("request line at the limit", lineOf(REQUEST_LINE), { environ: { HTTP_HOST: "a" } }),
  refused("request line one above", lineOf(REQUEST_LINE + 1), 414),
  accepted("query at the limit", queryLineOf(REQUEST_LINE), { path: "/" }),
  refused("query one above", queryLineOf(REQUEST_LINE + 1), 414),
  refused("request line without an end", `GET /${"x".repeat(20_000)}`, 414),
  refused("method without an end", "M".repeat(20_000), 414),
  accepted("field at the limit", fieldOf(FIELD), { environ: { HTTP_X: "v".repeat(FIELD - 3) } }),
  refused("field one above", fieldOf(FIELD + 1), 431),
  accepted("name at the limit", longNameOf(FIELD), { environ: { HTTP_HOST: "a" } }),
  refused("name one above", longNameOf(FIELD + 1), 431),
  refused("field without an end", `GET / HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(40_000)}`, 431),
  refused("name without an end", `GET / HTTP/1.1\r\nHost: a\r\n${"x".repeat(40_000)}`, 431),
  accepted("head at the limit", headOf(HEAD), { environ: { HTTP_HOST: "a" } }),
  refused("head one above", headOf(HEAD + 1), 431),
  accepted("fields at the limit", fieldsOf(FIELDS), { environ: { HTTP_X98: "y" } }),
  refused("fields one above", fieldsOf(FIELDS + 1), 431),
  refused("fields far above", fieldsOf(1000), 431),
  accepted("body at the limit", bodyOf(BODY), { body: "b".repeat(BODY) }),
  refused("body one above", bodyOf(BODY + 1), 413),
  refused("body one above, not sent", post(`Content-Length: ${BODY + 1}\r\n`), 413),
  accepted("chunked body at the limit", chunksOf(BODY, 1000), { body: "c".repeat(BODY) }),
  accepted("chunked body at the limit, one chunk", chunksOf(BODY, BODY), {
    body: "c".repeat(BODY),
  }),
  refused("chunked body one above", chunksOf(BODY + 1, 1000), 413),
  refused("chunked body one above, one chunk", chunksOf(BODY + 1, BODY + 1), 413),
  refused("chunked body: a size above, not sent", chunked(`${(BODY + 1).toString(16)}\r\n`), 413),
  refusedAfter([{ path: "/" }], "a request too long behind a good one", get() + lineOf(9000), 414),
  accepted(
    "body at the limit, then another request",
    bodyOf(BODY) + get("", "/2"),
    { body: "b".repeat(BODY) },
    { path: "/2" },
  ),
  accepted("body in memory, at its limit", bodyOf(4096), { body: "b".repeat(4096) }),
  accepted("body in a file, just above memory", bodyOf(4097), { body: "b".repeat(4097) }),
  accepted("chunked body in a file", chunksOf(4097, 100), {
    body: "c".repeat(4097),
    environ: { CONTENT_LENGTH: "4097" },
  }),
  accepted(
    "two bodies in files at once",
    bodyOf(5000) + bodyOf(6000),
    { body: "b".repeat(5000) },
    { body: "b".repeat(6000) },
  ),
];
