// A line as a list of pieces: what stands before a value, and what writes it. How values stand in a line is the format's.

import { ACCESS_FIELDS, type AccessField, type FieldWriter, fieldWriter } from "./access-fields.ts";
import { Constant, type LineBuffer } from "./line-buffer.ts";

/** Writes one line, with its line feed. */
export type LineWriter = FieldWriter;

export interface Piece {
  readonly literal: string;
  readonly field: AccessField;
}

export interface ValueStyle {
  /** In place of a value that is not known. */
  readonly nothing: string;
  /** Texts stand between double quotes, `nothing` does not. */
  readonly isQuoted: boolean;
  /** Of a peer's text with odd bytes (one character each), between the quotes: what may stand in a line. */
  escaped(text: string): string;
}

/** `end` stands behind the last value. */
export function lineOf(
  pieces: readonly Piece[],
  end: string,
  style: ValueStyle,
  hasQuery: boolean,
): LineWriter {
  const isQuoted = (field: AccessField): boolean => {
    return style.isQuoted && ACCESS_FIELDS[field].kind !== "number";
  };
  const steps = pieces.map(({ literal, field }) => ({
    before: new Constant(isQuoted(field) ? `${literal}"` : literal),
    write: fieldWriter(field, hasQuery),
    isText: ACCESS_FIELDS[field].kind === "text",
    quotes: isQuoted(field) ? 1 : 0,
  }));
  const nothing = new Constant(style.nothing);
  const last = new Constant(end);
  return (record, out) => {
    for (const { before, write, isText, quotes } of steps) {
      out.constant(before);
      const start = out.at;
      out.oddity = 0;
      write(record, out);
      if (out.at === start) {
        out.at = start - quotes;
        out.constant(nothing);
        continue;
      }
      if (isText && out.oddity !== 0) escape(out, start, style);
      if (quotes !== 0) out.byte(QUOTE);
    }
    out.constant(last);
  };
}

const QUOTE = 0x22;

function escape(out: LineBuffer, start: number, style: ValueStyle): void {
  const text = out.latin1Since(start);
  out.at = start;
  out.utf8(style.escaped(text));
}
