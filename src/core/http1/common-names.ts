// The field names that most requests carry, learned by the table before the first request: a peer that invents names until
// the table is full then costs itself time, and not the browsers that come after it.
// Knows names only. The scanner itself learns them, so there is one hash function, in fields.ts.

import { Buffer } from "node:buffer";
import type { FieldNameTable } from "../http/field-names.ts";
import { RequestHead } from "../http/request-head.ts";
import { FieldScanner } from "./fields.ts";

const COMMON_NAMES = [
  ..."Host Connection Content-Length Content-Type Transfer-Encoding Expect Cookie User-Agent Referer Origin".split(
    " ",
  ),
  ..."Accept Accept-Charset Accept-Encoding Accept-Language Accept-Datetime Authorization Cache-Control".split(
    " ",
  ),
  ..."Content-Encoding Content-Disposition Content-Language Content-Range Date DNT ETag From Forwarded".split(
    " ",
  ),
  ..."If-Match If-Modified-Since If-None-Match If-Range If-Unmodified-Since Keep-Alive Max-Forwards Pragma".split(
    " ",
  ),
  ..."Priority Proxy-Authorization Proxy-Connection Range Save-Data Sec-CH-UA Sec-CH-UA-Mobile".split(
    " ",
  ),
  ..."Sec-CH-UA-Platform Sec-Fetch-Dest Sec-Fetch-Mode Sec-Fetch-Site Sec-Fetch-User Sec-GPC TE Trailer".split(
    " ",
  ),
  ..."Upgrade Upgrade-Insecure-Requests Via Traceparent Tracestate X-Amzn-Trace-Id X-CSRF-Token X-CSRFToken".split(
    " ",
  ),
  ..."X-Forwarded-For X-Forwarded-Host X-Forwarded-Port X-Forwarded-Proto X-Forwarded-Prefix X-Real-IP".split(
    " ",
  ),
  ..."X-Request-Id X-Request-Start X-Correlation-Id X-HTTP-Method-Override X-Requested-With".split(
    " ",
  ),
];

/** Makes `names` know the common names. Once for each table, before it meets a peer. */
export function learnCommonNames(names: FieldNameTable): void {
  const fieldCount = COMMON_NAMES.length;
  const head = new RequestHead();
  head.bytes = Buffer.from(`${COMMON_NAMES.map((name) => `${name}:\r\n`).join("")}\r\n`);
  const { length } = head.bytes;
  const limits = {
    requestLineBytes: 0,
    fieldBytes: length,
    headBytes: length,
    fieldCount,
    bodyBytes: 0,
  };
  const scanner = new FieldScanner(head, limits, names);
  scanner.begin(0, 0);
  if (scanner.scan(length) !== length) throw new Error("the common names are no fields");
}
