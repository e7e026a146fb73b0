// For tests: an answer as a worker gives it, all of it in one frame.

import type { AnswerHead } from "../../core/http/exchange.ts";
import { ANSWER_FLAG } from "../../core/wire/frame.ts";

export function wholeAnswer(bodyBytes: number, keep: () => () => void = unexpected): AnswerHead {
  const head = Buffer.from("200 OK\r\nA: b\r\n");
  const bytes = Buffer.concat([head, Buffer.alloc(bodyBytes, "x")]);
  return {
    bytes,
    pieceStart: head.length,
    pieceEnd: bytes.length,
    keep,
    status: 200,
    headStart: 0,
    headEnd: head.length,
    flags: ANSWER_FLAG.complete,
    contentLength: -1,
    frameBodyBytes: bodyBytes,
  };
}

function unexpected(): never {
  throw new Error("nobody should need it for longer");
}
