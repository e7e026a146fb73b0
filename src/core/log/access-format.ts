// The formats of the access log: each is a function that turns a record into one line, put together once at the start. Templates are read
// here; JSON is json-line.ts's, columns for people are pretty-line.ts's.

import { ACCESS_FIELDS, isAccessField, valueOfField } from "./access-fields.ts";
import type { AccessRecord } from "./access-record.ts";
import { jsonLine } from "./json-line.ts";
import { quotedText } from "./log-text.ts";
import { prettyLine } from "./pretty-line.ts";

/** One line, with its line feed. */
export type LineOf = (record: AccessRecord) => string;

export interface FormatOptions {
  /** False: targets and referrers are cut at their `?`. */
  readonly hasQuery: boolean;
  /** Of `pretty`: with the colours of a terminal. */
  readonly hasColour: boolean;
}

export const NAMED_TEMPLATES = {
  common: `{client} - - [{time_common}] "{request_line}" {status} {bytes_out}`,
  combined: `{client} - - [{time_common}] "{request_line}" {status} {bytes_out} "{referrer}" "{user_agent}"`,
} as const;

/** A template that cannot be read: why, and what to write instead. */
export class BadTemplate extends Error {
  readonly field: string | undefined;

  constructor(reason: string, field?: string) {
    super(reason);
    this.name = "BadTemplate";
    this.field = field;
  }
}

/** `format` is `json`, `pretty`, `common`, `combined` or a template. Throws BadTemplate. */
export function makeFormat(format: string, options: FormatOptions): LineOf {
  if (format === "json") return jsonLine(options.hasQuery);
  if (format === "pretty") return prettyLine(options);
  if (format === "common" || format === "combined") {
    return joined(templatePieces(NAMED_TEMPLATES[format], options));
  }
  return joined(templatePieces(format, options));
}

/** What stands in a line before a value, and how the value is had. The last piece may have none. */
interface Piece {
  readonly literal: string;
  readonly valueOf: LineOf | undefined;
}

function joined(pieces: readonly Piece[]): LineOf {
  const literals = pieces.map(({ literal }) => literal);
  const values = pieces.flatMap(({ valueOf }) => (valueOf === undefined ? [] : [valueOf]));
  const tail = `${literals.length > values.length ? literals.at(-1) : ""}\n`;
  return (record) => {
    let line = "";
    for (let i = 0; i < values.length; i++) line += `${literals[i]}${values[i]?.(record)}`;
    return line + tail;
  };
}

const PLACEHOLDER = /\{\{|\}\}|\{([^{}]*)\}|[{}]/g;

/** `{field}` is the field, `{{` and `}}` are braces. An empty field is `-`. */
function templatePieces(template: string, { hasQuery }: FormatOptions): Piece[] {
  const pieces: Piece[] = [];
  let literal = "";
  let from = 0;
  for (const match of template.matchAll(PLACEHOLDER)) {
    literal += template.slice(from, match.index);
    from = match.index + match[0].length;
    const name = match[1];
    if (match[0] === "{{" || match[0] === "}}") literal += match[0].slice(1);
    else if (name === undefined) throw new BadTemplate(`a single ${match[0]}`);
    else {
      pieces.push({ literal, valueOf: fieldText(name, hasQuery) });
      literal = "";
    }
  }
  literal += template.slice(from);
  if (pieces.length === 0) throw new BadTemplate("it names no {field}");
  if (/[\n\r]/.test(template)) throw new BadTemplate("it has more than one line");
  return [...pieces, { literal, valueOf: undefined }];
}

function fieldText(name: string, hasQuery: boolean): LineOf {
  if (!isAccessField(name)) throw new BadTemplate(`no field is called {${name}}`, name);
  const valueOf = valueOfField(name, hasQuery);
  if (ACCESS_FIELDS[name].kind !== "text") return (record) => valueOf(record) || "-";
  return (record) => quotedText(valueOf(record)) || "-";
}
