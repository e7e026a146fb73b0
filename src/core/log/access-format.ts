// The formats of the access log: each is a function that writes one line for a record, put together once at the start. Templates are read
// here; JSON is json-line.ts's, columns for people are pretty-line.ts's.

import { type AccessField, isAccessField } from "./access-fields.ts";
import { jsonLine } from "./json-line.ts";
import { lineOf, type LineWriter, type Piece, type ValueStyle } from "./line-pieces.ts";
import { quotedText } from "./log-text.ts";
import { prettyLine } from "./pretty-line.ts";

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
export function makeFormat(format: string, options: FormatOptions): LineWriter {
  if (format === "json") return jsonLine(options.hasQuery);
  if (format === "pretty") return prettyLine(options);
  const isNamed = format === "common" || format === "combined";
  return templateLine(isNamed ? NAMED_TEMPLATES[format] : format, options.hasQuery);
}

const TEMPLATE_STYLE: ValueStyle = { nothing: "-", escaped: quotedText };
const PLACEHOLDER = /\{\{|\}\}|\{([^{}]*)\}|[{}]/g;

/** `{field}` is the field, `{{` and `}}` are braces. An empty field is `-`. */
function templateLine(template: string, hasQuery: boolean): LineWriter {
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
      pieces.push({ literal, field: knownField(name) });
      literal = "";
    }
  }
  literal += template.slice(from);
  if (pieces.length === 0) throw new BadTemplate("it names no {field}");
  if (/[\n\r]/.test(template)) throw new BadTemplate("it has more than one line");
  return lineOf(pieces, `${literal}\n`, TEMPLATE_STYLE, hasQuery);
}

function knownField(name: string): AccessField {
  if (!isAccessField(name)) throw new BadTemplate(`no field is called {${name}}`, name);
  return name;
}
