// What a worker may say about one request, as the front sees it (docs/protocol.md section 1).
//
// Theory of operation: a request is `sent` when its REQUEST frame was written. Its ANSWER, BODY and END frames move
// it on; a big frame arrives in pieces, and its flags count with the last one. `complete` means that the client can
// have the end of the message while the application still closes; `over` means that the worker may start the next.
// A missing entry is a violation: the worker is broken or not ours, its channel is closed and it is killed.

import { ANSWER_FLAG } from "./frame.ts";
import { type FrameReader, READ, type Read } from "./frame-reader.ts";

export type RequestState = "sent" | "answering" | "complete" | "over";

export type RequestEvent =
  | "answer"
  | "answerComplete"
  | "answerEnd"
  | "body"
  | "bodyComplete"
  /** The last piece of an ANSWER with END. */
  | "bodyEnd"
  | "end"
  | "endBroken";

export const TRANSITIONS = {
  sent: {
    answer: "answering",
    answerComplete: "complete",
    answerEnd: "over",
    // Nothing was said: the front answers 500.
    endBroken: "over",
  },
  answering: {
    body: "answering",
    bodyComplete: "complete",
    bodyEnd: "over",
    end: "over",
    endBroken: "over",
  },
  // Broken or not, the client has the whole message: a GONE with STOP may cross the last frame of the body.
  complete: { end: "over", endBroken: "over" },
  over: {},
} as const satisfies Record<RequestState, Partial<Record<RequestEvent, RequestState>>>;

/** The state after `event`; undefined when a worker must not say that now (a violation). */
export function nextRequestState(
  state: RequestState,
  event: RequestEvent,
): RequestState | undefined {
  const row: Partial<Record<RequestEvent, RequestState>> = TRANSITIONS[state];
  return row[event];
}

/** What the reader's last event means for its request. `read` is answer, body or end. */
export function requestEventOf(read: Read, reader: FrameReader): RequestEvent {
  if (read === READ.end) return reader.isBroken ? "endBroken" : "end";
  const flags = reader.isFrameOver ? reader.flags : 0;
  const isAnswer = read === READ.answer;
  if ((flags & ANSWER_FLAG.end) !== 0) return isAnswer ? "answerEnd" : "bodyEnd";
  if ((flags & ANSWER_FLAG.complete) !== 0) return isAnswer ? "answerComplete" : "bodyComplete";
  return isAnswer ? "answer" : "body";
}
