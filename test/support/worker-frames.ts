// The frames that a worker writes, made plainly: for tests of the front's side and for fake workers.
// The product's own encoder of these frames is python/src/rickhouse/wire.py.

import {
  ANSWER_FIXED_BYTES,
  END_BYTES,
  FRAME,
  FRAME_HEADER_BYTES,
  HELLO_BYTES,
  TOKEN_BYTES,
  writeFrameHeader,
  writeU16,
  writeU32,
  writeU64,
} from "../../src/core/wire/frame.ts";

export interface HelloFields {
  readonly token: Uint8Array;
  readonly version: number;
  readonly thread: number;
  readonly pid: number;
}

export interface AnswerFields {
  readonly number: number;
  readonly flags: number;
  readonly status: number;
  readonly contentLength: number;
  readonly runNs: number;
  readonly head: Uint8Array;
  readonly body: Uint8Array;
}

export function helloFrame(hello: HelloFields): Uint8Array {
  const payload = new Uint8Array(HELLO_BYTES);
  payload.set(hello.token);
  writeU16(payload, TOKEN_BYTES, hello.version);
  writeU16(payload, TOKEN_BYTES + 2, hello.thread);
  writeU32(payload, TOKEN_BYTES + 4, hello.pid);
  return frameOf(FRAME.hello, 0, 0, payload);
}

export function answerFrame(answer: AnswerFields): Uint8Array {
  const { head, body } = answer;
  const payload = new Uint8Array(ANSWER_FIXED_BYTES + head.length + body.length);
  writeU16(payload, 0, answer.status);
  writeU32(payload, 4, head.length);
  writeU64(payload, 8, answer.contentLength);
  writeU64(payload, 16, answer.runNs);
  payload.set(head, ANSWER_FIXED_BYTES);
  payload.set(body, ANSWER_FIXED_BYTES + head.length);
  return frameOf(FRAME.answer, answer.flags, answer.number, payload);
}

export function bodyFrame(number: number, flags: number, body: Uint8Array): Uint8Array {
  return frameOf(FRAME.body, flags, number, body);
}

export function endFrame(number: number, flags: number, runNs: number): Uint8Array {
  const payload = new Uint8Array(END_BYTES);
  writeU64(payload, 0, runNs);
  return frameOf(FRAME.end, flags, number, payload);
}

/** Any frame, also one that no worker may send. */
export function frameOf(
  type: number,
  flags: number,
  number: number,
  payload: Uint8Array,
): Uint8Array {
  const out = new Uint8Array(FRAME_HEADER_BYTES + payload.length);
  out.set(payload, writeFrameHeader(out, 0, type, flags, number, payload.length));
  return out;
}
