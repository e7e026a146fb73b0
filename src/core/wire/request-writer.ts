// The REQUEST frame, written into a buffer of the caller (docs/protocol.md section 1).
// Owns no buffer and knows no socket; the environ comes encoded from environ.ts. A GONE is a header alone: frame.ts.

import { FRAME, FRAME_HEADER_BYTES, writeFrameHeader, writeU32 } from "./frame.ts";

const ENVIRON_LENGTH_BYTES = 4;

/** One REQUEST with everything in memory. */
export interface RequestFrame {
  readonly number: number;
  /** Of REQUEST_FLAG. */
  readonly flags: number;
  /** Finished marshal data. */
  readonly environ: Uint8Array;
  /** The body, or with REQUEST_FLAG.file the path of the file that holds it. */
  readonly body: Uint8Array;
}

/** How many bytes the whole frame takes. */
export function requestFrameBytes(environLength: number, bodyLength: number): number {
  return FRAME_HEADER_BYTES + ENVIRON_LENGTH_BYTES + environLength + bodyLength;
}

/** Writes a whole REQUEST; `out` has room for `requestFrameBytes` from `at`. Returns the offset behind it. */
export function writeRequestFrame(out: Uint8Array, at: number, request: RequestFrame): number {
  const { number, flags, environ, body } = request;
  const end = writeRequestPrefix(out, at, number, flags, environ, body.length);
  if (body.length > 0) out.set(body, end);
  return end + body.length;
}

/**
 * Writes a REQUEST up to its body, whose `bodyLength` bytes the caller sends behind it: a big body is then never
 * copied. Returns the offset behind what was written.
 */
export function writeRequestPrefix(
  out: Uint8Array,
  at: number,
  number: number,
  flags: number,
  environ: Uint8Array,
  bodyLength: number,
): number {
  const payloadLength = ENVIRON_LENGTH_BYTES + environ.length + bodyLength;
  const lengthAt = writeFrameHeader(out, at, FRAME.request, flags, number, payloadLength);
  writeU32(out, lengthAt, environ.length);
  const environAt = lengthAt + ENVIRON_LENGTH_BYTES;
  out.set(environ, environAt);
  return environAt + environ.length;
}
