// The digits of all numbers below a thousand, as four bytes each that are written at once, whatever of them counts: a look-up takes less than
// dividing. The first byte is the lowest.

import { Buffer } from "node:buffer";

const BELOW = 1000;

/** `0`, `42`, `999`; what stands behind the digits means nothing. */
export const DIGITS = wordsOf(String);
/** `000`, `042`, `999`, and a byte that means nothing. */
export const THREE_DIGITS = wordsOf(threeDigits);
/** `.000`, `.042`, `.999`. */
export const POINT_AND_DIGITS = wordsOf((value) => `.${threeDigits(value)}`);

function threeDigits(value: number): string {
  return String(value).padStart(3, "0");
}

function wordsOf(text: (value: number) => string): Int32Array {
  return Int32Array.from({ length: BELOW }, (_, value) => {
    return Buffer.from(text(value).padEnd(4)).readInt32LE();
  });
}
