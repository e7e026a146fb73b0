// Comma-separated lists (RFC 9110 section 5.6.1) of the two fields that steer a connection: Connection and Expect.
// Knows one value at a time; head-facts.ts joins what several field lines say.

import { COMMA, isToken, isWhiteSpace } from "./grammar.ts";

/** Connection options that mean something here, as bits (RFC 9112 section 9.3). */
export const CONNECTION = { close: 1, keepAlive: 2 } as const;

/**
 * The options in one Connection value, or-ed. What is no option known here is passed over, well formed or not: it cannot
 * change where a message ends, so refusing it would only break clients. Upgrade is one of these words.
 */
export function readConnection(bytes: Uint8Array, start: number, end: number): number {
  // What nearly every client sends, without taking a list apart.
  if (isToken(bytes, start, end, "keep-alive")) return CONNECTION.keepAlive;
  let options = 0;
  for (let at = start; at < end; at++) {
    const elementEnd = endOfElement(bytes, at, end);
    if (isElement(bytes, at, elementEnd, "close")) options |= CONNECTION.close;
    if (isElement(bytes, at, elementEnd, "keep-alive")) options |= CONNECTION.keepAlive;
    at = elementEnd;
  }
  return options;
}

/** What an Expect value asks for. */
export const EXPECTATION = { none: 0, continue: 1, unknown: 2 } as const;
export type Expectation = (typeof EXPECTATION)[keyof typeof EXPECTATION];

/** `100-continue` is the only expectation there is (RFC 9110 section 10.1.1); one unknown element makes the value unknown. */
export function readExpect(bytes: Uint8Array, start: number, end: number): Expectation {
  let expectation: Expectation = EXPECTATION.none;
  for (let at = start; at < end; at++) {
    const elementEnd = endOfElement(bytes, at, end);
    if (isElement(bytes, at, elementEnd, "100-continue")) expectation = EXPECTATION.continue;
    else if (!isElement(bytes, at, elementEnd, "")) return EXPECTATION.unknown;
    at = elementEnd;
  }
  return expectation;
}

/** Where the list element that begins at `start` ends: at the next comma or at `end`. */
export function endOfElement(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at] !== COMMA) at++;
  return at;
}

/** Is `bytes[start, end)`, without the white space around it, the token `lower` in any case? */
function isElement(bytes: Uint8Array, start: number, end: number, lower: string): boolean {
  let from = start;
  let to = end;
  while (from < to && isWhiteSpace(bytes[from] ?? 0)) from++;
  while (to > from && isWhiteSpace(bytes[to - 1] ?? 0)) to--;
  return isToken(bytes, from, to, lower);
}
