// Which of the forms that an error page has a client prefers (RFC 9110 sections 12.4.2 and 12.5.1). Pure; a value that cannot be
// read is no preference.

export type PageForm = "html" | "json" | "text";

interface Candidate {
  readonly form: PageForm;
  readonly type: string;
  readonly subtype: string;
}

/** In order of our own preference: what counts among equals. Plain text comes first, as people with curl and logs of proxies read it. */
const CANDIDATES: readonly Candidate[] = [
  { form: "text", type: "text", subtype: "plain" },
  { form: "html", type: "text", subtype: "html" },
  { form: "json", type: "application", subtype: "json" },
];

/** More ranges than this are no browser's: the rest is not looked at. */
const MAX_RANGES = 32;
const RANGE = /^\s*([\w!#$%&'*+.^`|~-]+)\/([\w!#$%&'*+.^`|~-]+)\s*(;.*)?$/;
const WEIGHT = /;\s*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*(?:;|$)/i;

/** Text where nothing acceptable is named: a page in another form tells more than 406 would (section 12.5.1). */
export function preferredForm(accept: string): PageForm {
  const ranges = accept.split(",", MAX_RANGES).flatMap(readRange);
  let best: PageForm = "text";
  let bestMatch: Match = NO_MATCH;
  for (const candidate of CANDIDATES) {
    const match = bestMatchOf(candidate, ranges);
    if (match.weight < bestMatch.weight) continue;
    // Among equals the one that the client named first: no rule, but what `application/json, text/plain, */*` is meant to say.
    if (match.weight === bestMatch.weight && match.place >= bestMatch.place) continue;
    bestMatch = match;
    best = candidate.form;
  }
  return best;
}

interface MediaRange {
  readonly type: string;
  readonly subtype: string;
  readonly weight: number;
}

interface Match {
  readonly weight: number;
  /** Of the range in the list. */
  readonly place: number;
}

const NO_MATCH: Match = { weight: 0, place: -1 };

function readRange(text: string): MediaRange[] {
  const match = RANGE.exec(text);
  if (match === null) return [];
  const [, type = "", subtype = "", parameters = ""] = match;
  const weight = Number(WEIGHT.exec(parameters)?.[1] ?? "1");
  return [{ type: type.toLowerCase(), subtype: subtype.toLowerCase(), weight }];
}

/** The most specific range counts, whatever its place. */
function bestMatchOf(candidate: Candidate, ranges: readonly MediaRange[]): Match {
  let best = NO_MATCH;
  let bestLevel = 0;
  for (const [place, range] of ranges.entries()) {
    const level = specificityOf(candidate, range);
    if (level <= bestLevel) continue;
    bestLevel = level;
    best = { weight: range.weight, place };
  }
  return best;
}

/** 0 when the range does not cover it. `application/problem+json` and its like want JSON. */
function specificityOf({ form, type, subtype }: Candidate, range: MediaRange): number {
  if (range.type === "*" && range.subtype === "*") return 1;
  if (range.type !== type) return 0;
  if (range.subtype === "*") return 2;
  const isLike = form === "json" && range.subtype.endsWith("+json");
  return isLike || range.subtype === subtype ? 3 : 0;
}
