import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  byteByByte,
  cutAt,
  type FrameEvent,
  framesIn,
  pieceInMemory,
  sampleMemory,
} from "../../../test/support/frame-events.ts";
import {
  type AnswerVector,
  type BodyVector,
  flagsOf,
  frameBytesOf,
  fromHex,
  latin1,
  readWireVectors,
  toHex,
  type ToFrontVector,
} from "../../../test/support/wire-vectors.ts";
import {
  answerFrame,
  bodyFrame,
  endFrame,
  frameOf,
  helloFrame,
} from "../../../test/support/worker-frames.ts";
import { ANSWER_FLAG, BODY_FLAG, FRAME, MAX_HEAD_BLOCK_BYTES, readU32, writeU32 } from "./frame.ts";
import { FrameReader, READ } from "./frame-reader.ts";

const VECTORS = readWireVectors();

function bodyOf({ flags, body }: AnswerVector | BodyVector): Buffer {
  const bytes = latin1(body);
  if (!flags.includes("MEMORY")) return Buffer.from(bytes);
  return Buffer.from(pieceInMemory(readU32(bytes, 0), readU32(bytes, 4)));
}

function expectedOf(vector: ToFrontVector): FrameEvent {
  const { frame, number } = vector;
  const flags = flagsOf(vector);
  const event = { frame, body: Buffer.from(""), isOver: true };
  switch (vector.frame) {
    case "HELLO": {
      const { token, version, thread, pid } = vector;
      return { ...event, fields: { number, flags, token, version, thread, pid } };
    }
    case "ANSWER": {
      const { status, head } = vector;
      const contentLength = vector.flags.includes("LENGTH") ? vector.contentLength : -1;
      const runNs = vector.flags.includes("END") ? vector.runNs : 0;
      const fields = { number, flags, status, contentLength, runNs, head };
      return { ...event, fields, body: bodyOf(vector) };
    }
    case "BODY":
      return { ...event, fields: { number, flags }, body: bodyOf(vector) };
    case "END": {
      const isBroken = vector.flags.includes("BROKEN");
      return { ...event, fields: { number, flags, runNs: vector.runNs, isBroken } };
    }
  }
}

function answer(head: string, body: string, flags = 0): Uint8Array {
  const fields = { number: 1, flags, status: 200, contentLength: 0, runNs: 9 };
  return answerFrame({ ...fields, head: latin1(head), body: latin1(body) });
}

/** What a frame with MEMORY carries. */
function placeOf(start: number, length: number): string {
  const bytes = Buffer.alloc(8);
  writeU32(bytes, 0, start);
  writeU32(bytes, 4, length);
  return bytes.toString("latin1");
}

describe("FrameReader", () => {
  for (const vector of VECTORS.toFront) {
    it(`reads the vector whole, byte by byte and in two parts: ${vector.name}`, () => {
      const bytes = fromHex(vector.hex);
      const expected = [expectedOf(vector)];
      assert.equal(toHex(frameBytesOf(vector)), vector.hex);
      assert.deepEqual(framesIn([bytes]), expected);
      assert.deepEqual(framesIn(byteByByte(bytes)), expected);
      for (let cut = 1; cut < bytes.length; cut++) {
        assert.deepEqual(framesIn(cutAt(bytes, [cut])), expected, `cut at ${cut}`);
      }
    });
  }

  it("reads frame after frame out of one chunk", () => {
    const bytes = Buffer.concat(VECTORS.toFront.map((vector) => fromHex(vector.hex)));
    assert.deepEqual(framesIn([bytes]), VECTORS.toFront.map(expectedOf));
    assert.deepEqual(framesIn(byteByByte(bytes)), VECTORS.toFront.map(expectedOf));
  });

  for (const vector of VECTORS.violationsToFront) {
    it(`refuses the vector, whole and byte by byte: ${vector.name}`, () => {
      const bytes = fromHex(vector.hex);
      for (const chunks of [[bytes], byteByByte(bytes)]) {
        const events = framesIn(chunks);
        assert.equal(events.length, 1);
        assert.equal(events[0]?.frame, "violation");
        assert.notEqual(events[0].fields["violation"], "");
      }
    });
  }

  it("says the same violation for ever, whatever is pushed behind it", () => {
    const reader = new FrameReader();
    reader.push(Buffer.concat([frameOf(99, 0, 1, new Uint8Array(0)), endFrame(1, 0, 0)]));
    assert.equal(reader.next(), READ.violation);
    const { violation } = reader;
    reader.push(endFrame(1, 0, 0));
    assert.equal(reader.next(), READ.violation);
    assert.equal(reader.violation, violation);
  });

  it("refuses a header before the rest of its frame is there", () => {
    const reader = new FrameReader();
    reader.push(frameOf(99, 0, 1, new Uint8Array(100)).subarray(0, 16));
    assert.equal(reader.next(), READ.violation);
  });

  it("reports an answer once its head is there, and its body piece by piece out of the chunks", () => {
    const frame = answer("200 OK\r\n", "abcdef", ANSWER_FLAG.end);
    const [first, second, third] = cutAt(frame, [frame.length - 4, frame.length - 3]);
    const reader = new FrameReader();
    reader.push(first ?? frame);
    assert.equal(reader.next(), READ.answer);
    assert.equal(reader.bytes, first);
    assert.equal(reader.pieceEnd - reader.pieceStart, 2);
    assert.equal(reader.isFrameOver, false);
    assert.equal(reader.next(), READ.needMore);
    reader.push(second ?? frame);
    assert.equal(reader.next(), READ.body);
    assert.equal(reader.isFrameOver, false);
    assert.equal(reader.next(), READ.needMore);
    reader.push(third ?? frame);
    assert.equal(reader.next(), READ.body);
    assert.equal(reader.bytes, third);
    assert.deepEqual([reader.pieceStart, reader.pieceEnd], [0, 3]);
    assert.equal(reader.isFrameOver, true);
    assert.equal(reader.flags, ANSWER_FLAG.end | ANSWER_FLAG.complete);
    assert.equal(reader.runNs, 9);
    assert.equal(reader.next(), READ.needMore);
  });

  it("reports a body that stands behind a head from two chunks on its own", () => {
    const frame = answer("200 OK\r\nX: y\r\n", "abc");
    const [first, second] = cutAt(frame, [45]);
    const reader = new FrameReader();
    reader.push(first ?? frame);
    assert.equal(reader.next(), READ.needMore);
    reader.push(second ?? frame);
    assert.equal(reader.next(), READ.answer);
    assert.equal(reader.pieceStart, reader.pieceEnd);
    assert.equal(reader.isFrameOver, false);
    assert.equal(reader.next(), READ.body);
    assert.equal(reader.bytes, second);
    assert.equal(reader.isFrameOver, true);
  });

  it("reports a piece in memory behind its head, and leaves it at the next event", () => {
    const uses: string[] = [];
    const reader = new FrameReader();
    reader.memory = sampleMemory(uses);
    const frame = answer("200 OK\r\n", placeOf(300, 40_000), ANSWER_FLAG.end | ANSWER_FLAG.memory);
    reader.push(Buffer.concat([frame, endFrame(2, 0, 0)]));
    assert.equal(reader.next(), READ.answer);
    assert.equal(reader.pieceStart, reader.pieceEnd);
    assert.deepEqual([reader.frameBodyBytes, reader.isFrameOver], [40_000, false]);
    assert.deepEqual(uses, []);
    assert.equal(reader.next(), READ.body);
    assert.deepEqual([reader.pieceStart, reader.pieceEnd], [300, 40_300]);
    assert.deepEqual([reader.runNs, reader.isFrameOver], [9, true]);
    assert.deepEqual(uses, ["take 300 40000"]);
    reader.keep()();
    assert.equal(reader.next(), READ.end);
    assert.deepEqual(uses, ["take 300 40000", "keep", "let go", "leave"]);
    reader.keep()();
    assert.equal(reader.next(), READ.needMore);
    assert.equal(uses.length, 4);
  });

  it("refuses a piece in memory where none can lie", () => {
    for (const place of [placeOf(99_999, 2), placeOf(0, 0)]) {
      const [event] = framesIn([bodyFrame(1, BODY_FLAG.memory, latin1(place))]);
      assert.equal(event?.frame, "violation");
    }
    const reader = new FrameReader();
    reader.push(bodyFrame(1, BODY_FLAG.memory, latin1(placeOf(0, 1))));
    assert.equal(reader.next(), READ.violation);
  });

  it("gives the token of a HELLO as a copy: the chunk may be a buffer that is used again", () => {
    const token = new Uint8Array(16).fill(7);
    const chunk = Buffer.from(helloFrame({ token, version: 1, thread: 2, pid: 3 }));
    const reader = new FrameReader();
    reader.push(chunk);
    assert.equal(reader.next(), READ.hello);
    chunk.fill(0);
    assert.deepEqual(reader.token, token);
  });

  it("takes END as COMPLETE", () => {
    const [event] = framesIn([answer("204 No Content\r\n", "", ANSWER_FLAG.end)]);
    assert.equal(event?.fields["flags"], ANSWER_FLAG.end | ANSWER_FLAG.complete);
  });

  it("takes a head block of the largest size, cut anywhere, and small ones behind it", () => {
    const head = `200 OK\r\nX: ${"x".repeat(MAX_HEAD_BLOCK_BYTES - 13)}\r\n`;
    assert.equal(head.length, MAX_HEAD_BLOCK_BYTES);
    const small = answer("200 OK\r\n", "");
    const bytes = Buffer.concat([answer(head, "b"), small, small]);
    const whole = framesIn([bytes]);
    assert.equal(whole[0]?.fields["head"], head);
    assert.equal(whole.length, 3);
    const cuts = [10, 20, 4000, 5000, 70_000, bytes.length - 60, bytes.length - 20];
    assert.deepEqual(framesIn(cutAt(bytes, cuts)), whole);
  });

  it("takes empty chunks anywhere", () => {
    const nothing = new Uint8Array(0);
    const bytes = bodyFrame(1, 0, latin1("xyz"));
    const chunks = byteByByte(bytes).flatMap((byte) => [nothing, byte, nothing]);
    assert.deepEqual(framesIn(chunks), framesIn([bytes]));
  });

  it("refuses to be pushed to before it has said needMore: that is our own mistake", () => {
    const reader = new FrameReader();
    reader.push(frameOf(FRAME.end, 0, 1, new Uint8Array(8)));
    assert.throws(() => reader.push(new Uint8Array(1)), /needMore/);
  });
});
