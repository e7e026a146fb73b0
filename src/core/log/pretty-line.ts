// An access log line for people at a terminal: columns that stay in place, what varies in length behind them, colour for what matters.

import { type FieldWriter, fieldWriter } from "./access-fields.ts";
import type { AccessRecord } from "./access-record.ts";
import { LineBuffer } from "./line-buffer.ts";
import type { LineWriter } from "./line-pieces.ts";
import { localTime } from "./log-time.ts";
import { shownText } from "./log-text.ts";

/** From here on a wait or a run is pointed out. */
const LONG_WAIT_MS = 100;
const LONG_TOTAL_MS = 1000;
const LONGEST_TARGET = 200;

const COLOURS = {
  dim: "\u001b[2m",
  red: "\u001b[31m",
  green: "\u001b[32m",
  yellow: "\u001b[33m",
  cyan: "\u001b[36m",
} as const;
const RESET = "\u001b[0m";
type Colour = keyof typeof COLOURS;
type Paint = (colour: Colour, text: string) => string;

const painted: Paint = (colour, text) => `${COLOURS[colour]}${text}${RESET}`;
const unpainted: Paint = (_, text) => text;

export function prettyLine(options: {
  readonly hasColour: boolean;
  readonly hasQuery: boolean;
}): LineWriter {
  const paint = options.hasColour ? painted : unpainted;
  const clientOf = textOf(fieldWriter("client", true));
  const methodOf = textOf(fieldWriter("method", true));
  const targetOf = textOf(fieldWriter("target", options.hasQuery));
  const idOf = textOf(fieldWriter("request_id", true));

  return (record, out) => {
    const { status, outcome, totalMs, queueMs } = record;
    const client = clientOf(record);
    const total = durationText(totalMs).padStart(8);
    const line = [
      paint("dim", localTime(record.epochMs)),
      paint(statusColour(status), String(status)),
      (shownText(methodOf(record)) || "-").padEnd(7),
      totalMs >= LONG_TOTAL_MS ? paint("yellow", total) : total,
      sizeText(record.bytesOut).padStart(8),
      shortened(shownText(targetOf(record))) || "-",
    ];
    if (outcome !== "") line.push(paint("red", outcome));
    if (queueMs >= LONG_WAIT_MS) line.push(paint("yellow", `waited ${durationText(queueMs)}`));
    if (client !== "") line.push(paint("dim", shownText(client)));
    if (status >= 500 || outcome !== "") line.push(paint("dim", idOf(record)));
    out.utf8(`${line.join(" ").trimEnd()}\n`);
  };
}

/** What a field writes, one character a byte. */
function textOf(write: FieldWriter): (record: AccessRecord) => string {
  const scratch = new LineBuffer(256);
  return (record) => {
    scratch.at = 0;
    write(record, scratch);
    return scratch.latin1Since(0);
  };
}

function statusColour(status: number): Colour {
  if (status >= 500) return "red";
  if (status >= 400) return "yellow";
  return status >= 300 ? "cyan" : "green";
}

function durationText(ms: number): string {
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  if (ms < 10_000) return `${Math.round(ms)} ms`;
  return `${(ms / 1000).toFixed(1)} s`;
}

function sizeText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(1)} kB`;
  if (bytes < 1e9) return `${(bytes / 1e6).toFixed(1)} MB`;
  return `${(bytes / 1e9).toFixed(1)} GB`;
}

function shortened(text: string): string {
  return text.length <= LONGEST_TARGET ? text : `${text.slice(0, LONGEST_TARGET)}...`;
}
