// What the scanners of the head have in common. A scanner looks at each byte once, whatever segments the bytes come in:
// it stops where the bytes end, keeps its state, and goes on from there. Nothing here knows a grammar.

import type { Refusal } from "../http/refusal.ts";

/** The bytes ended before the thing that is scanned did: call again when there are more. */
export const INCOMPLETE = -1;

/** The offset behind what was scanned, or INCOMPLETE, or why it is refused. A union instead of an object: no allocation. */
export type Scanned = number | Refusal;

/** How large a request may be. All counts are in bytes but `fieldCount`. */
export interface RequestLimits {
  /** The request line without its CRLF. Above: 414. */
  readonly requestLineBytes: number;
  /** One field line without its CRLF. Above: 431. */
  readonly fieldBytes: number;
  /** From the first byte of the request line to the end of the empty line behind the fields; the same for a trailer section. Above: 431. */
  readonly headBytes: number;
  /** Field lines of a head, and of a trailer section. Above: 431. */
  readonly fieldCount: number;
  /** The body without its transfer coding. Above: 413. */
  readonly bodyBytes: number;
}
