// The formats of the access log: each is a function that turns a record into one line, put together once at the start. JSON, a template's
// text, or columns for people (pretty-line.ts).

import {
  ACCESS_FIELDS,
  ACCESS_FIELD_NAMES,
  type AccessField,
  isAccessField,
  valueOfField,
} from "./access-fields.ts";
import type { AccessRecord } from "./access-record.ts";
import { jsonText, quotedText } from "./log-text.ts";
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

const JSON_FIELDS = [
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
] as const satisfies readonly AccessField[];

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
  if (format === "json") return joined(jsonPieces(options));
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

function jsonPieces({ hasQuery }: FormatOptions): Piece[] {
  const pieces = JSON_FIELDS.map((name, index): Piece => {
    const { kind } = ACCESS_FIELDS[name];
    const valueOf = valueOfField(name, hasQuery);
    const literal = `${index === 0 ? "{" : ","}"${name}":`;
    if (kind === "number") return { literal, valueOf: (record) => valueOf(record) || "null" };
    const textOf = kind === "text" ? jsonText : (text: string) => `"${text}"`;
    return {
      literal,
      valueOf: (record) => {
        const text = valueOf(record);
        return text === "" ? "null" : textOf(text);
      },
    };
  });
  return [...pieces, { literal: "}", valueOf: undefined }];
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

export { ACCESS_FIELD_NAMES, JSON_FIELDS };
