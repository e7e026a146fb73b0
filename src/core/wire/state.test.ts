import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { cutAt } from "../../../test/support/frame-events.ts";
import { answerFrame, bodyFrame, endFrame } from "../../../test/support/worker-frames.ts";
import { ANSWER_FLAG, END_FLAG } from "./frame.ts";
import { FrameReader, READ } from "./frame-reader.ts";
import { nextRequestState, type RequestEvent, requestEventOf, type RequestState } from "./state.ts";

const STATES: RequestState[] = ["sent", "answering", "complete", "over"];
const EVENTS: RequestEvent[] = [
  "answer",
  "answerComplete",
  "answerEnd",
  "body",
  "bodyComplete",
  "bodyEnd",
  "end",
  "endBroken",
];

describe("the states of a request on a channel", () => {
  it("are exactly these", () => {
    const table = STATES.map((state) => EVENTS.map((event) => nextRequestState(state, event)));
    const no = undefined;
    assert.deepEqual(table, [
      ["answering", "complete", "over", no, no, no, no, "over"],
      [no, no, no, "answering", "complete", "over", "over", "over"],
      [no, no, no, no, no, no, "over", "over"],
      [no, no, no, no, no, no, no, no],
    ]);
  });
});

function eventsOf(...chunks: Uint8Array[]): RequestEvent[] {
  const reader = new FrameReader();
  const events: RequestEvent[] = [];
  for (const chunk of chunks) {
    reader.push(chunk);
    for (let read = reader.next(); read !== READ.needMore; read = reader.next()) {
      assert.notEqual(read, READ.violation, reader.violation);
      events.push(requestEventOf(read, reader));
    }
  }
  return events;
}

const answer = (flags: number): Uint8Array =>
  answerFrame({
    number: 1,
    flags,
    status: 200,
    contentLength: 0,
    runNs: 0,
    head: Buffer.from("200 OK\r\n"),
    body: Buffer.from("body"),
  });

const cut = (frame: Uint8Array): Uint8Array[] => cutAt(frame, [frame.length - 1]);

describe("requestEventOf", () => {
  it("tells the flags of whole frames", () => {
    assert.deepEqual(eventsOf(answer(0)), ["answer"]);
    assert.deepEqual(eventsOf(answer(ANSWER_FLAG.complete)), ["answerComplete"]);
    assert.deepEqual(eventsOf(answer(ANSWER_FLAG.end)), ["answerEnd"]);
    assert.deepEqual(eventsOf(bodyFrame(1, 0, Buffer.from("x"))), ["body"]);
    assert.deepEqual(eventsOf(bodyFrame(1, 1, Buffer.from("x"))), ["bodyComplete"]);
    assert.deepEqual(eventsOf(endFrame(1, 0, 0)), ["end"]);
    assert.deepEqual(eventsOf(endFrame(1, END_FLAG.broken, 0)), ["endBroken"]);
  });

  it("counts the flags of a frame in pieces with its last piece", () => {
    assert.deepEqual(eventsOf(...cut(answer(0))), ["answer", "body"]);
    assert.deepEqual(eventsOf(...cut(answer(ANSWER_FLAG.complete))), ["answer", "bodyComplete"]);
    assert.deepEqual(eventsOf(...cut(answer(ANSWER_FLAG.end))), ["answer", "bodyEnd"]);
    assert.deepEqual(eventsOf(...cut(bodyFrame(1, 1, Buffer.from("xy")))), [
      "body",
      "bodyComplete",
    ]);
  });
});
