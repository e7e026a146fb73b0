// Bodies that tests send and expect.

import { createHash } from "node:crypto";

/** As test/apps/keyed.py makes it: no two seeds have a part in common. */
export function seededBody(seed: string, length: number): Buffer {
  if (length === 0) return Buffer.alloc(0);
  return createHash("shake256", { outputLength: length }).update(seed).digest();
}

/** In chunks of `size` bytes, with the last one, which is empty (RFC 9112 section 7.1). */
export function chunked(body: Buffer, size: number): Buffer {
  const pieces: Buffer[] = [];
  for (let at = 0; at < body.length; at += size) {
    const piece = body.subarray(at, at + size);
    pieces.push(Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from("\r\n"));
  }
  return Buffer.concat([...pieces, Buffer.from("0\r\n\r\n")]);
}
