// What a kind of option says of a value that it does not take.

import assert from "node:assert/strict";
import { BadValue, type Kind } from "../../src/config/kinds.ts";

/** The reason and the hint of a value that is refused. */
export function refusal<T>(kind: Kind<T>, text: string): string {
  try {
    kind.parse(text);
  } catch (error) {
    if (error instanceof BadValue) return `${error.message}; ${error.hint}`;
    throw error;
  }
  assert.fail(`${text} was taken`);
}
