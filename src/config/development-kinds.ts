// Kinds of options that name files to watch. Pure.

import { BadPattern, makePattern } from "../core/development/pattern.ts";
import { BadValue, type Kind } from "./kinds.ts";

/** A pattern of paths (core/development/pattern.ts). */
export const pathPattern: Kind<string> = {
  placeholder: "PATTERN",
  example: "*.html",
  schema: { type: "string", minLength: 1 },
  parse(text) {
    try {
      makePattern(text, "/");
    } catch (error) {
      if (!(error instanceof BadPattern)) throw error;
      throw new BadValue(error.message, "write a pattern like '*.html' or 'templates/**'");
    }
    return text;
  },
  describe: (text) => text,
};
