// Kinds of options that say how logs look.

import { BadTemplate, makeFormat } from "../core/log/access-format.ts";
import { ACCESS_FIELD_NAMES } from "../core/log/access-fields.ts";
import { BadValue, type Kind } from "./kinds.ts";
import { nearest } from "./nearest.ts";

const NAMED_FORMATS = ["auto", "pretty", "json", "common", "combined"];

/** The name of a format, or a template, which is what holds a brace (core/log/access-format.ts). */
export const accessLogFormat: Kind<string> = {
  placeholder: "FORMAT",
  schema: { type: "string" },
  parse(text) {
    if (NAMED_FORMATS.includes(text)) return text;
    if (!/[{}]/.test(text)) {
      const close = nearest(text, NAMED_FORMATS);
      const names = `${NAMED_FORMATS.join(", ")}, or a template like '{client} {status}'`;
      throw new BadValue(
        "not a format",
        close === undefined ? `write ${names}` : `did you mean ${close}?`,
      );
    }
    try {
      makeFormat(text, { hasQuery: true, hasColour: false });
    } catch (error) {
      if (!(error instanceof BadTemplate)) throw error;
      throw new BadValue(error.message, hintFor(error));
    }
    return text;
  },
  describe: (format) => format,
};

function hintFor({ field }: BadTemplate): string {
  if (field === undefined) return "write fields like {status}, and braces as {{ and }}";
  const close = nearest(field, ACCESS_FIELD_NAMES);
  if (close !== undefined) return `did you mean {${close}}?`;
  return `write one of ${ACCESS_FIELD_NAMES.join(", ")}`;
}

export type ServerLogTarget =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "stderr" };

/** `FILE` or `-` (standard error). */
export const serverLogTarget: Kind<ServerLogTarget> = {
  placeholder: "FILE|-",
  schema: { type: "string" },
  parse(text) {
    if (text === "") throw new BadValue("empty", "write a path, or - for standard error");
    return text === "-" ? { kind: "stderr" } : { kind: "file", path: text };
  },
  describe: (target) => (target.kind === "file" ? target.path : "-"),
};
