// Where the values of a few keys lie in an environ in marshal format, all found in one walk: for who wants them of every request.

import { isKeyAt, textEnd, textStart, typeAt, valuesEndOf } from "./environ-lookup.ts";
import { VALUES_AT } from "./environ.ts";
import { MARSHAL } from "./marshal.ts";

/** Longer keys are not looked for. */
const MAX_KEY_BYTES = 63;
const NO_KEY = new Uint8Array(0);

export class EnvironValues {
  readonly #keys: readonly Uint8Array[];
  /** By the length of a key: its index, and one more. */
  readonly #byLength = new Uint8Array(MAX_KEY_BYTES + 1);
  /** Ranges of bytes, by the index of the key; empty for one that was not found. */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /** Not 0 for a value that was not ASCII: it lies there as UTF-8 of latin-1. */
  readonly isWide: Uint8Array;

  /** No two `keys` have the same length: that tells them apart. */
  constructor(keys: readonly string[]) {
    this.#keys = keys.map((key) => Uint8Array.from(key, (character) => character.charCodeAt(0)));
    for (const [index, { length }] of keys.entries()) {
      if (length > MAX_KEY_BYTES || this.#byLength[length] !== 0)
        throw new RangeError("a key's length");
      this.#byLength[length] = index + 1;
    }
    this.starts = new Int32Array(keys.length);
    this.ends = new Int32Array(keys.length);
    this.isWide = new Uint8Array(keys.length);
  }

  find(environ: Uint8Array): void {
    const { starts, ends, isWide } = this;
    const keys = this.#keys;
    const byLength = this.#byLength;
    for (let i = 0; i < starts.length; i++) {
      starts[i] = 0;
      ends[i] = 0;
    }
    const end = environ.length;
    let missing = keys.length;
    let apartAt = VALUES_AT;
    // Behind the type of the dict.
    let at = valuesEndOf(environ) + 1;
    while (missing > 0 && at < end && environ[at] !== MARSHAL.null) {
      const keyStart = textStart(environ, at);
      const keyEnd = textEnd(environ, at);
      const isApart = environ[keyEnd] === MARSHAL.none;
      const valueAt = isApart ? apartAt : keyEnd;
      const valueEnd = textEnd(environ, valueAt);
      const keyLength = keyEnd - keyStart;
      const place = keyLength > MAX_KEY_BYTES ? 0 : (byLength[keyLength] ?? 0);
      if (place !== 0 && isKeyAt(environ, keyStart, keys[place - 1] ?? NO_KEY)) {
        const index = place - 1;
        starts[index] = textStart(environ, valueAt);
        ends[index] = valueEnd;
        isWide[index] = typeAt(environ, valueAt) === MARSHAL.unicode ? 1 : 0;
        missing--;
      }
      if (isApart) apartAt = valueEnd;
      at = isApart ? keyEnd + 1 : valueEnd;
    }
  }
}
