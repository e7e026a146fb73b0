// The frame of a channel: types, flags, limits, and the header that every frame starts with (docs/protocol.md section 1).
// Knows bytes only: what a frame may say when is the business of state.ts.

/** Frame types. 1-15 go from the worker to the front, 16 and above from the front to the worker. */
export const FRAME = { hello: 1, answer: 2, body: 3, end: 4, request: 16, gone: 17 } as const;

export const ANSWER_FLAG = {
  complete: 1,
  end: 2,
  length: 4,
  date: 8,
  server: 16,
  id: 32,
  memory: 64,
} as const;
/** Those that BODY has, with the same values as on ANSWER. */
export const BODY_FLAG = { complete: ANSWER_FLAG.complete, memory: ANSWER_FLAG.memory } as const;
export const END_FLAG = { broken: 1 } as const;
export const REQUEST_FLAG = { file: 1, head: 2, chunked: 4, memory: 8, slots: 16 } as const;
export const GONE_FLAG = { stop: 1 } as const;

export const PROTOCOL_VERSION = 4;

export const FRAME_HEADER_BYTES = 16;
export const HELLO_BYTES = 24;
/** The part of an ANSWER before its head block. */
export const ANSWER_FIXED_BYTES = 24;
export const END_BYTES = 8;
export const TOKEN_BYTES = 16;
/** What a frame with MEMORY has in place of body bytes: where they lie, and how many. */
export const PLACE_BYTES = 8;

export const MAX_PAYLOAD_BYTES = 2 ** 30;
/** Of an ANSWER; the front holds a head block whole. */
export const MAX_HEAD_BLOCK_BYTES = 2 ** 20;

const TWO_32 = 2 ** 32;

/** Writes one frame header and returns the offset behind it. `number` is a safe integer, written as u64. */
export function writeFrameHeader(
  out: Uint8Array,
  at: number,
  type: number,
  flags: number,
  number: number,
  payloadLength: number,
): number {
  writeU32(out, at, payloadLength);
  out[at + 4] = type;
  out[at + 5] = flags;
  out[at + 6] = 0;
  out[at + 7] = 0;
  writeU64(out, at + 8, number);
  return at + FRAME_HEADER_BYTES;
}

// Byte by byte and not through a DataView: a view would have to be made for each buffer that a socket hands over.

export function writeU16(out: Uint8Array, at: number, value: number): void {
  out[at] = value;
  out[at + 1] = value >>> 8;
}

export function writeU32(out: Uint8Array, at: number, value: number): void {
  out[at] = value;
  out[at + 1] = value >>> 8;
  out[at + 2] = value >>> 16;
  out[at + 3] = value >>> 24;
}

/** `value` is a safe integer of 0 or above. */
export function writeU64(out: Uint8Array, at: number, value: number): void {
  writeU32(out, at, value >>> 0);
  writeU32(out, at + 4, Math.floor(value / TWO_32));
}

export function readU16(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);
}

export function readU32(bytes: Uint8Array, at: number): number {
  return (readU16(bytes, at) | (readU16(bytes, at + 2) << 16)) >>> 0;
}

/** May exceed Number.MAX_SAFE_INTEGER and is then rounded: the caller refuses such values. */
export function readU64(bytes: Uint8Array, at: number): number {
  return readU32(bytes, at) + readU32(bytes, at + 4) * TWO_32;
}
