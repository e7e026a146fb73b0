// A line as a list of pieces: what stands before a value, and what writes it. How values stand in a line is the format's.

import { ACCESS_FIELDS, type AccessField, type FieldWriter, fieldWriter } from "./access-fields.ts";
import { Constant } from "./line-buffer.ts";

/** Writes one line, with its line feed. */
export type LineWriter = FieldWriter;

export interface Piece {
  readonly literal: string;
  readonly field: AccessField;
}

export interface ValueStyle {
  /** In place of a value that is not known. */
  readonly nothing: string;
  /** Of a peer's text with odd bytes (one character each): what may stand in a line. */
  readonly escaped: (text: string) => string;
}

/** `end` stands behind the last value. */
export function lineOf(
  pieces: readonly Piece[],
  end: string,
  style: ValueStyle,
  hasQuery: boolean,
): LineWriter {
  const steps = pieces.map(({ literal, field }) => ({
    before: new Constant(literal),
    write: fieldWriter(field, hasQuery),
    isText: ACCESS_FIELDS[field].kind === "text",
  }));
  const nothing = new Constant(style.nothing);
  const last = new Constant(end);
  return (record, out) => {
    for (const { before, write, isText } of steps) {
      out.constant(before);
      const start = out.at;
      out.oddity = 0;
      write(record, out);
      if (out.at === start) out.constant(nothing);
      else if (isText && out.oddity !== 0) out.rewriteSince(start, style.escaped);
    }
    out.constant(last);
  };
}
