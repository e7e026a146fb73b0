// Where the values of a few keys lie in an environ in marshal format, all found in one walk: for who wants them of every request.

import { isKeyAt, textEnd, textStart, typeAt } from "./environ-lookup.ts";
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

  /** Where the last walk ended: behind the last of the values, if all were found. */
  end = 0;

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

  /** `from`: an offset behind a value, to begin there. */
  find(environ: Uint8Array, from: number): void {
    const { starts, ends, isWide } = this;
    const keys = this.#keys;
    const byLength = this.#byLength;
    for (let i = 0; i < starts.length; i++) {
      starts[i] = 0;
      ends[i] = 0;
    }
    const end = environ.length;
    let missing = keys.length;
    let at = from < 1 ? 1 : from;
    while (missing > 0 && at < end && environ[at] !== MARSHAL.null) {
      const keyStart = textStart(environ, at);
      const valueAt = textEnd(environ, at);
      const valueEnd = textEnd(environ, valueAt);
      const keyLength = valueAt - keyStart;
      const place = keyLength > MAX_KEY_BYTES ? 0 : (byLength[keyLength] ?? 0);
      if (place !== 0 && isKeyAt(environ, keyStart, keys[place - 1] ?? NO_KEY)) {
        const index = place - 1;
        starts[index] = textStart(environ, valueAt);
        ends[index] = valueEnd;
        isWide[index] = typeAt(environ, valueAt) === MARSHAL.unicode ? 1 : 0;
        missing--;
      }
      at = valueEnd;
    }
    this.end = at;
  }
}
