// Which fields of a trusted proxy count, as text and as value. Pure.

import { FORWARDED_HEADERS, type ForwardedHeader } from "../core/forwarded/request-facts.ts";
import { BadValue, type Kind } from "./kinds.ts";
import { nearest } from "./nearest.ts";

const ALL = FORWARDED_HEADERS.filter((name) => name !== "forwarded");
/** Stands for all five. */
const SHORT = "x-forwarded";

/** `x-forwarded` (all of them), some of the X-Forwarded names with commas between, or `forwarded` (RFC 7239) alone. */
export const forwardedHeaders: Kind<readonly ForwardedHeader[]> = {
  placeholder: "NAMES",
  schema: { type: "string" },
  parse(text) {
    const names = [
      ...new Set(text.split(",").flatMap((name) => parseName(name.trim().toLowerCase()))),
    ];
    if (names.includes("forwarded") && names.length > 1) {
      throw new BadValue(
        "a proxy writes either kind, and passes what a client says in the other",
        "name forwarded alone, or X-Forwarded fields",
      );
    }
    return FORWARDED_HEADERS.filter((name) => names.includes(name));
  },
  describe: (names) =>
    names.length === ALL.length && !names.includes("forwarded") ? SHORT : names.join(","),
};

function parseName(text: string): readonly ForwardedHeader[] {
  if (text === SHORT) return ALL;
  const found = FORWARDED_HEADERS.find((name) => name === text);
  if (found !== undefined) return [found];
  const close = nearest(text, [...FORWARDED_HEADERS, SHORT]);
  throw new BadValue(
    text === "" ? "an empty name" : `${text} is not one of them`,
    close === undefined
      ? `write ${SHORT}, forwarded, or some of ${ALL.join(",")}`
      : `did you mean ${close}?`,
  );
}
