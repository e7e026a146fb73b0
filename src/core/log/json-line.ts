// An access log line as JSON: the default wherever no person looks.

import type { AccessField } from "./access-fields.ts";
import { lineOf, type LineWriter, type ValueStyle } from "./line-pieces.ts";
import { jsonText } from "./log-text.ts";

const JSON_FIELDS: readonly AccessField[] = [
  "time",
  "request_id",
  "client",
  "method",
  "target",
  "status",
  "outcome",
  "bytes_in",
  "bytes_out",
  "receive_ms",
  "queue_ms",
  "app_ms",
  "total_ms",
  "pid",
  "user_agent",
  "referrer",
];

const JSON_STYLE: ValueStyle = {
  nothing: "null",
  isQuoted: true,
  escaped: (text) => jsonText(text).slice(1, -1),
};

/** What is not known is null. */
export function jsonLine(hasQuery: boolean): LineWriter {
  const pieces = JSON_FIELDS.map((field, index) => {
    return { literal: `${index === 0 ? "{" : ","}"${field}":`, field };
  });
  return lineOf(pieces, "}\n", JSON_STYLE, hasQuery);
}
