// An access log line as JSON: the default wherever no person looks, so it is put together in one expression instead of field by field
// (docs/decisions/016-access-log-writer.md has the figures).

import { ACCESS_FIELDS, valueOfField } from "./access-fields.ts";
import { NO_TIME, type AccessRecord } from "./access-record.ts";
import { isoTime, milliseconds } from "./log-time.ts";
import { jsonText } from "./log-text.ts";

/** The keys are names of ACCESS_FIELDS; what is not known is null. */
export function jsonLine(hasQuery: boolean): (record: AccessRecord) => string {
  const idOf = ACCESS_FIELDS.request_id.valueOf;
  const methodOf = ACCESS_FIELDS.method.valueOf;
  const targetOf = valueOfField("target", hasQuery);
  const userAgentOf = ACCESS_FIELDS.user_agent.valueOf;
  const referrerOf = valueOfField("referrer", hasQuery);
  const client = remembered(textOrNull);
  const method = remembered(textOrNull);

  return (record) =>
    `{"time":"${isoTime(record.epochMs)}","request_id":${plainOrNull(idOf(record))},"client":${client(record.client)},` +
    `"method":${method(methodOf(record))},"target":${textOrNull(targetOf(record))},"status":${record.status},` +
    `"outcome":${plainOrNull(record.outcome)},"bytes_in":${record.bytesIn},"bytes_out":${record.bytesOut},` +
    `"receive_ms":${timeOrNull(record.receiveMs)},"queue_ms":${timeOrNull(record.queueMs)},"app_ms":${timeOrNull(record.appMs)},` +
    `"total_ms":${milliseconds(record.totalMs)},"pid":${record.pid === 0 ? "null" : record.pid},` +
    `"user_agent":${textOrNull(userAgentOf(record))},"referrer":${textOrNull(referrerOf(record))}}\n`;
}

/** Clients come in series, and methods are few. */
function remembered(textOf: (text: string) => string): (text: string) => string {
  let last = "";
  let written = textOf("");
  return (text) => {
    if (text === last) return written;
    last = text;
    written = textOf(text);
    return written;
  };
}

function textOrNull(text: string): string {
  return text === "" ? "null" : jsonText(text);
}

function plainOrNull(text: string): string {
  return text === "" ? "null" : `"${text}"`;
}

function timeOrNull(ms: number): string {
  if (ms === 0) return "0.000";
  return ms === NO_TIME ? "null" : milliseconds(ms);
}
