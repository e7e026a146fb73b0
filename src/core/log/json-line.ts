// An access log line as JSON: the default wherever no person looks, so it is spelled out. A loop over a table of fields, which templates have
// (line-pieces.ts), takes longer, since each step calls another function (docs/decisions/016-access-log-writer.md has the figures).

import { ACCESS_FIELDS, fieldWriter } from "./access-fields.ts";
import { NO_TIME } from "./access-record.ts";
import { Constant, type LineBuffer } from "./line-buffer.ts";
import type { LineWriter } from "./line-pieces.ts";
import { jsonText } from "./log-text.ts";
import { writeIsoTime, writeMilliseconds } from "./log-time.ts";

// What stands before a value, with the end of the value before it where that is always the same. A text's own quotes are part of it.
const TIME = new Constant('{"time":"');
const REQUEST_ID = new Constant('","request_id":"');
const CLIENT = new Constant(',"client":"');
const METHOD = new Constant(',"method":"');
const TARGET = new Constant(',"target":"');
const STATUS = new Constant(',"status":');
const OUTCOME = new Constant(',"outcome":"');
const BYTES_IN = new Constant('","bytes_in":');
const NO_OUTCOME = new Constant(',"outcome":null,"bytes_in":');
const BYTES_OUT = new Constant(',"bytes_out":');
/** Most requests have no body, and all goes well: one piece for what stands in their lines then. */
const NOTHING_IN = new Constant(',"outcome":null,"bytes_in":0,"bytes_out":');
const NO_RECEIVE_MS = new Constant(',"receive_ms":0.000,"queue_ms":');
const RECEIVE_MS = new Constant(',"receive_ms":');
const QUEUE_MS = new Constant(',"queue_ms":');
const APP_MS = new Constant(',"app_ms":');
const TOTAL_MS = new Constant(',"total_ms":');
const PID = new Constant(',"pid":');
const NO_PID = new Constant(',"pid":null');
const USER_AGENT = new Constant(',"user_agent":"');
const REFERRER = new Constant(',"referrer":"');
const END = new Constant("}\n");
const NULL = new Constant("null");
const QUOTE = 0x22;

const writeRequestId = ACCESS_FIELDS.request_id.write;
const writeMethod = ACCESS_FIELDS.method.write;
const writeUserAgent = ACCESS_FIELDS.user_agent.write;

/** What is not known is null. */
export function jsonLine(hasQuery: boolean): LineWriter {
  const writeTarget = fieldWriter("target", hasQuery);
  const writeReferrer = fieldWriter("referrer", hasQuery);
  return (record, out) => {
    out.constant(TIME);
    writeIsoTime(out, record.epochMs);
    let start = beginText(out, REQUEST_ID);
    writeRequestId(record, out);
    endText(out, start);
    start = beginText(out, CLIENT);
    out.latin1(record.client);
    endText(out, start);
    start = beginText(out, METHOD);
    writeMethod(record, out);
    endText(out, start);
    start = beginText(out, TARGET);
    writeTarget(record, out);
    endText(out, start);
    out.constant(STATUS);
    out.integer(record.status);
    if (record.outcome === "" && record.bytesIn === 0) {
      out.constant(NOTHING_IN);
    } else {
      writeOutcome(out, record.outcome);
      out.integer(record.bytesIn);
      out.constant(BYTES_OUT);
    }
    out.integer(record.bytesOut);
    if (record.receiveMs === 0) {
      out.constant(NO_RECEIVE_MS);
    } else {
      out.constant(RECEIVE_MS);
      writeTime(out, record.receiveMs);
      out.constant(QUEUE_MS);
    }
    writeTime(out, record.queueMs);
    out.constant(APP_MS);
    writeTime(out, record.appMs);
    out.constant(TOTAL_MS);
    writeMilliseconds(out, record.totalMs);
    if (record.pid === 0) {
      out.constant(NO_PID);
    } else {
      out.constant(PID);
      out.integer(record.pid);
    }
    start = beginText(out, USER_AGENT);
    writeUserAgent(record, out);
    endText(out, start);
    start = beginText(out, REFERRER);
    writeReferrer(record, out);
    endText(out, start);
    out.constant(END);
  };
}

/** And the key of the next value. */
function writeOutcome(out: LineBuffer, outcome: string): void {
  if (outcome === "") {
    out.constant(NO_OUTCOME);
    return;
  }
  out.constant(OUTCOME);
  out.latin1(outcome);
  out.constant(BYTES_IN);
}

function writeTime(out: LineBuffer, ms: number): void {
  if (ms === NO_TIME) out.constant(NULL);
  else writeMilliseconds(out, ms);
}

/** Returns where the text begins, which `endText` wants to know. */
function beginText(out: LineBuffer, before: Constant): number {
  out.constant(before);
  out.oddity = 0;
  return out.at;
}

/** Escapes what a peer sent, if need be; no text at all is null, without the quote that `before` has. */
function endText(out: LineBuffer, start: number): void {
  if (out.at === start) {
    out.at = start - 1;
    out.constant(NULL);
    return;
  }
  if (out.oddity !== 0) out.rewriteSince(start, escaped);
  out.byte(QUOTE);
}

/** Between the quotes. */
function escaped(text: string): string {
  return jsonText(text).slice(1, -1);
}
