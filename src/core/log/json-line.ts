// An access log line as JSON: the default wherever no person looks, so it is spelled out. A loop over a table of fields, which templates have
// (line-pieces.ts), takes longer, since each step calls another function; and what most lines have in common between two values is one piece
// here (docs/decisions/016-access-log-writer.md has the figures).

import { ACCESS_FIELDS, fieldWriter } from "./access-fields.ts";
import { type AccessRecord, NO_TIME } from "./access-record.ts";
import { Constant, type LineBuffer } from "./line-buffer.ts";
import type { LineWriter } from "./line-pieces.ts";
import { jsonText } from "./log-text.ts";
import { isoTimeBehind, writeMilliseconds } from "./log-time.ts";

// What stands before a value, with what is always the same before it. A text's own quotes are part of it.
const writeBeginning = isoTimeBehind('{"time":"');
const REQUEST_ID = new Constant('Z","request_id":"');
const CLIENT = new Constant('","client":"');
const METHOD = new Constant('","method":"');
const TARGET = new Constant('","target":"');
const GET_TARGET = new Constant('","method":"GET","target":"');
const OUTCOME = new Constant(',"outcome":"');
const BYTES_IN = new Constant('","bytes_in":');
const NO_OUTCOME = new Constant(',"outcome":null,"bytes_in":');
const BYTES_OUT = new Constant(',"bytes_out":');
const RECEIVE_MS = new Constant(',"receive_ms":');
const QUEUE_MS = new Constant(',"queue_ms":');
const NO_RECEIVE_MS = new Constant(',"receive_ms":0.000,"queue_ms":');
const APP_MS = new Constant(',"app_ms":');
const TOTAL_MS = new Constant(',"total_ms":');
const REFERRER = new Constant('","referrer":"');
const NO_REFERRER = new Constant('","referrer":null}\n');
const END = new Constant('"}\n');
const NULL = new Constant("null");

// There are few of each in the life of a server.
const STATUS = eachNumber((status) => new Constant(`","status":${status}`));
/** Most requests have no body, and all goes well. */
const NOTHING_IN = eachNumber(
  (status) => new Constant(`","status":${status},"outcome":null,"bytes_in":0,"bytes_out":`),
);
const USER_AGENT = eachNumber(
  (pid) => new Constant(`,"pid":${pid === 0 ? "null" : pid},"user_agent":"`),
);
const NO_USER_AGENT = eachNumber(
  (pid) => new Constant(`,"pid":${pid === 0 ? "null" : pid},"user_agent":null,"referrer":null}\n`),
);

const writeRequestId = ACCESS_FIELDS.request_id.write;
const writeClient = ACCESS_FIELDS.client.write;
const writeMethod = ACCESS_FIELDS.method.write;
const writeUserAgent = ACCESS_FIELDS.user_agent.write;

/** What is not known is null. */
export function jsonLine(hasQuery: boolean): LineWriter {
  const writeTarget = fieldWriter("target", hasQuery);
  const writeReferrer = fieldWriter("referrer", hasQuery);
  return (record, out) => {
    const { status, pid, head } = record;
    writeBeginning(out, record.epochMs);
    let start = beginText(out, REQUEST_ID);
    writeRequestId(record, out);
    start = nextText(out, start, CLIENT);
    writeClient(record, out);
    if (head?.method === "GET") start = nextText(out, start, GET_TARGET);
    else {
      start = nextText(out, start, METHOD);
      writeMethod(record, out);
      start = nextText(out, start, TARGET);
    }
    writeTarget(record, out);
    if (record.outcome === "" && record.bytesIn === 0) {
      endText(out, start, NOTHING_IN(status));
    } else {
      endText(out, start, STATUS(status));
      writeOutcome(out, record.outcome);
      out.integer(record.bytesIn);
      out.constant(BYTES_OUT);
    }
    out.integer(record.bytesOut);
    writeTimes(record, out);
    if (head === undefined || (head.agentAt === 0 && head.referrerAt === 0)) {
      out.constant(NO_USER_AGENT(pid));
      return;
    }
    start = beginText(out, USER_AGENT(pid));
    writeUserAgent(record, out);
    if (head.referrerAt === 0) {
      endText(out, start, NO_REFERRER);
      return;
    }
    start = nextText(out, start, REFERRER);
    writeReferrer(record, out);
    endText(out, start, END);
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

function writeTimes(record: AccessRecord, out: LineBuffer): void {
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
}

function writeTime(out: LineBuffer, ms: number): void {
  if (ms === NO_TIME) out.constant(NULL);
  else writeMilliseconds(out, ms);
}

/** `before` ends with the quote of the text. Returns where the text begins, which `nextText` and `endText` want to know. */
function beginText(out: LineBuffer, before: Constant): number {
  out.constant(before);
  out.oddity = 0;
  return out.at;
}

/** The end of one text and the beginning of another: `between` begins and ends with their quotes. */
function nextText(out: LineBuffer, start: number, between: Constant): number {
  endText(out, start, between);
  out.oddity = 0;
  return out.at;
}

/** Escapes what a peer sent, if need be; no text at all is null. `behind` begins with the text's quote. */
function endText(out: LineBuffer, start: number, behind: Constant): void {
  if (out.at === start) {
    out.at = start - 1;
    out.constant(NULL);
    const quoteAt = out.at;
    out.constant(behind);
    out.removeAt(quoteAt);
    return;
  }
  if (out.oddity !== 0) out.rewriteSince(start, escaped);
  out.constant(behind);
}

/** Between the quotes. */
function escaped(text: string): string {
  return jsonText(text).slice(1, -1);
}

const MOST_REMEMBERED = 256;

/** Remembers what was made of each number, if they are not too many. */
function eachNumber(make: (value: number) => Constant): (value: number) => Constant {
  const made = new Map<number, Constant>();
  return (value) => {
    let found = made.get(value);
    if (found === undefined) {
      if (made.size >= MOST_REMEMBERED) made.clear();
      found = make(value);
      made.set(value, found);
    }
    return found;
  };
}
