// Bytes that are nearly right: vectors with a few edits, which lead far deeper into a reader than random bytes.

import { Buffer } from "node:buffer";
import * as fc from "fast-check";

type Bytes = Buffer<ArrayBuffer>;

const share = fc.double({ min: 0, max: 1, noNaN: true });
const noise = fc.uint8Array({ minLength: 1, maxLength: 8 });
const odd = fc.constantFrom(0, 1, 9, 10, 13, 32, 0x2b, 0x2d, 0x30, 0x3a, 0x7f, 0x80, 0xfe, 0xff);

/** Where they strike is a share of the length, so that they fit any vector. */
type Edit = (bytes: Bytes) => Bytes;

function at(bytes: Bytes, where: number): number {
  return Math.floor(where * bytes.length);
}

function edits(words: readonly Bytes[]): fc.Arbitrary<Edit> {
  const replace = fc.tuple(share, fc.oneof(odd, fc.nat(255))).map(([where, byte]): Edit => {
    return (bytes) => {
      const copy = Buffer.from(bytes);
      if (copy.length > 0) copy[at(copy, where * 0.999)] = byte;
      return copy;
    };
  });
  const insert = fc
    .tuple(share, fc.oneof(noise, fc.constantFrom(...words)))
    .map(([where, more]): Edit => {
      return (bytes) => {
        const place = at(bytes, where);
        return Buffer.concat([bytes.subarray(0, place), more, bytes.subarray(place)]);
      };
    });
  const remove = fc.tuple(share, fc.nat(20)).map(([where, count]): Edit => {
    return (bytes) => {
      const place = at(bytes, where);
      return Buffer.concat([bytes.subarray(0, place), bytes.subarray(place + count)]);
    };
  });
  const repeat = fc.tuple(share, share, fc.integer({ min: 1, max: 5 })).map((chosen): Edit => {
    const [from, to, times] = chosen;
    return (bytes) => {
      const [start, end] = [at(bytes, Math.min(from, to)), at(bytes, Math.max(from, to))];
      const piece = bytes.subarray(start, Math.min(end, start + 2000));
      const copies = Array.from({ length: times }, () => piece);
      return Buffer.concat([bytes.subarray(0, end), ...copies, bytes.subarray(end)]);
    };
  });
  return fc.oneof(replace, insert, remove, repeat);
}

/** One to three of the `vectors`, joined, with up to six edits; `words` are what else may be put in. */
export function mutated(
  vectors: readonly Bytes[],
  words: readonly Bytes[] = vectors,
): fc.Arbitrary<Bytes> {
  return fc
    .tuple(
      fc.array(fc.constantFrom(...vectors), { minLength: 1, maxLength: 3 }),
      fc.array(edits(words), { maxLength: 6 }),
    )
    .map(([parts, changes]) => {
      return changes.reduce<Bytes>((bytes, edit) => edit(bytes), Buffer.concat(parts));
    });
}

/** Offsets to cut bytes at; some may be beyond their end. */
export const cuts = fc.array(fc.nat(600), { maxLength: 12 });
