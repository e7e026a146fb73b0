// One file of prometheus_client's multiprocess mode (its mmap_dict.py, from 0.17 on): bytes -> values. A worker may be writing to it at this
// moment: what stands below `used` is whole. Pure.

export interface StoredValue {
  /** JSON: `[family, sample, labels, help]`. */
  readonly key: string;
  readonly value: number;
  /** Seconds since 1970, of gauges that want the most recent value; 0 otherwise. */
  readonly timestamp: number;
}

const HEAD_BYTES = 8;
const NUMBERS_BYTES = 16;

/** Throws RangeError for what is no such file. */
export function readValues(bytes: Uint8Array): StoredValue[] {
  if (bytes.length < HEAD_BYTES) return [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const used = view.getInt32(0, true);
  if (used > bytes.length) throw new RangeError("the file is shorter than it says");
  const decoder = new TextDecoder();
  const values: StoredValue[] = [];
  let at = HEAD_BYTES;
  while (at < used) {
    const keyBytes = view.getInt32(at, true);
    const keyAt = at + 4;
    // Length and key together are padded to a multiple of 8, by 1 to 8 spaces.
    const numbersAt = keyAt + keyBytes + (8 - ((keyBytes + 4) % 8));
    if (keyBytes < 0 || numbersAt + NUMBERS_BYTES > used) throw new RangeError("a broken entry");
    values.push({
      key: decoder.decode(bytes.subarray(keyAt, keyAt + keyBytes)),
      value: view.getFloat64(numbersAt, true),
      timestamp: view.getFloat64(numbersAt + 8, true),
    });
    at = numbersAt + NUMBERS_BYTES;
  }
  return values;
}
