// Any split of a channel's bytes gives the same frames, random bytes never crash the reader, and any request becomes
// the environ that the slow twin works out.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { encodeConnectionEnviron } from "../../src/core/wire/connection-environ.ts";
import { EnvironEncoder } from "../../src/core/wire/environ.ts";
import { ANSWER_FLAG, BODY_FLAG, writeU32 } from "../../src/core/wire/frame.ts";
import { FrameReader, READ } from "../../src/core/wire/frame-reader.ts";
import { cutAt, framesIn, sampleMemory } from "../support/frame-events.ts";
import { readEnviron } from "../support/marshal-reader.ts";
import { environOf, headOf } from "../support/sample-request.ts";
import { fromHex, latin1, readWireVectors } from "../support/wire-vectors.ts";
import { answerFrame, bodyFrame, endFrame, frameOf, helloFrame } from "../support/worker-frames.ts";

const number = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
const u64 = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const bytes = fc.uint8Array({ maxLength: 300 });

const hello = fc
  .record({
    token: fc.uint8Array({ minLength: 16, maxLength: 16 }),
    version: fc.nat(65_535),
    thread: fc.nat(65_535),
    pid: fc.nat(),
  })
  .map(helloFrame);
const answer = fc
  .record({
    number,
    flags: fc.nat(31),
    status: fc.integer({ min: 100, max: 999 }),
    contentLength: u64,
    runNs: u64,
    head: bytes.map((head) => Buffer.concat([head, latin1("\r\n")])),
    body: bytes,
  })
  .map((fields) => {
    const hasLength = (fields.flags & ANSWER_FLAG.length) !== 0;
    return answerFrame({ ...fields, contentLength: hasLength ? fields.contentLength : 0 });
  });
const body = fc
  .tuple(number, fc.nat(1), fc.uint8Array({ minLength: 1, maxLength: 300 }))
  .map((fields) => bodyFrame(...fields));
/** Some lie beyond the memory. */
const place = fc.tuple(fc.nat(100_000), fc.nat(2000)).map(([start, length]) => {
  const at = new Uint8Array(8);
  writeU32(at, 0, start);
  writeU32(at, 4, length);
  return at;
});
const bodyInMemory = fc
  .tuple(number, fc.nat(1), place)
  .map(([of, flags, at]) => bodyFrame(of, flags | BODY_FLAG.memory, at));
const answerInMemory = fc.tuple(number, fc.nat(3), u64, place).map(([of, flags, runNs, at]) =>
  answerFrame({
    number: of,
    flags: flags | ANSWER_FLAG.memory,
    status: 200,
    contentLength: 0,
    runNs,
    head: latin1("200 OK\r\n"),
    body: at,
  }),
);
const end = fc.tuple(number, fc.nat(1), u64).map((fields) => endFrame(...fields));
const validFrame = fc.oneof(hello, answer, body, end);
const oddFrame = fc
  .tuple(fc.nat(20), fc.nat(130), fc.nat(3), bytes)
  .map((fields) => frameOf(...fields));
const junk = fc.oneof(bytes, validFrame, oddFrame, bodyInMemory, answerInMemory);
const cuts = fc.array(fc.nat(2000), { maxLength: 12 });

describe("frames", () => {
  it("are the same whatever the split", () => {
    fc.assert(
      fc.property(fc.array(validFrame, { maxLength: 6 }), cuts, (frames, offsets) => {
        const stream = Buffer.concat(frames);
        const whole = framesIn([stream]);
        assert.equal(whole.length, frames.length);
        assert.deepEqual(framesIn(cutAt(stream, offsets)), whole);
      }),
    );
  });

  it("of the vectors are the same whatever the split", () => {
    const stream = Buffer.concat(readWireVectors().toFront.map(({ hex }) => fromHex(hex)));
    const whole = framesIn([stream]);
    fc.assert(
      fc.property(fc.array(fc.nat(stream.length), { maxLength: 40 }), (offsets) => {
        assert.deepEqual(framesIn(cutAt(stream, offsets)), whole);
      }),
    );
  });

  it("made of junk end in a violation or ask for more, the same at every split, and never throw", () => {
    fc.assert(
      fc.property(fc.array(junk, { maxLength: 6 }), cuts, (parts, offsets) => {
        const stream = Buffer.concat(parts);
        const whole = framesIn([stream]);
        const split = framesIn(cutAt(stream, offsets));
        assert.deepEqual(split, whole);
      }),
      { numRuns: 500 },
    );
  });

  it("that are cut off never give more than was sent", () => {
    fc.assert(
      fc.property(junk, fc.nat(400), (part, length) => {
        const reader = new FrameReader();
        reader.memory = sampleMemory();
        reader.push(part.subarray(0, length));
        let reads = 0;
        for (let read = reader.next(); read !== READ.needMore; read = reader.next()) {
          if (read === READ.violation) return;
          assert.ok(reader.headEnd <= reader.bytes.length);
          assert.ok(reader.pieceStart <= reader.pieceEnd);
          assert.ok(reader.pieceEnd <= reader.bytes.length);
          assert.ok(++reads < 100);
        }
      }),
      { numRuns: 500 },
    );
  });
});

const tokenText = fc.stringMatching(/^[A-Za-z0-9!#$%&'*+.^`|~-]{1,20}$/);
const value = fc.uint8Array({ maxLength: 400 }).map((text) =>
  Buffer.from(text)
    .toString("latin1")
    .replaceAll(/[^\x20-\x7e\x80-\xff]/g, "."),
);
const field = fc.oneof(
  fc.tuple(tokenText, value),
  fc.tuple(fc.constantFrom("Cookie", "cookie", "X-A", "x-a", "Accept", "Content-Type"), value),
  fc.tuple(fc.constantFrom("Host", "Proxy", "X_Y", "Transfer-Encoding"), fc.constant("a")),
);
const path = fc.stringMatching(/^\/[a-z0-9%/._~-]{0,60}$/);
const escapes = bytes.map(
  (text) => `/${Buffer.from(text).toString("hex").replaceAll(/../g, "%$&")}`,
);
const query = fc.stringMatching(/^\?[a-z0-9%=&?/-]{0,40}$/);
const origin = fc.tuple(fc.oneof(path, escapes), fc.option(query, { nil: "" }));
const target = fc.oneof(
  { arbitrary: origin.map((parts) => parts.join("")), weight: 5 },
  { arbitrary: origin.map((parts) => `http://h.example:8${parts.join("")}`), weight: 1 },
  { arbitrary: query.map((text) => `http://h.example${text}`), weight: 1 },
  { arbitrary: fc.constant("*"), weight: 1 },
);
const request = fc.record({
  method: fc.oneof(fc.constantFrom("GET", "POST", "HEAD", "get", "OPTIONS"), tokenText),
  target,
  minorVersion: fc.nat(1),
  fields: fc.array(field, { maxLength: 12 }),
});

describe("environs", () => {
  const facts = {
    remoteAddress: "127.0.0.1",
    remotePort: "1",
    serverName: "h",
    serverPort: "80",
    scheme: "http",
  } as const;
  const connection = encodeConnectionEnviron(facts);
  const encoder = new EnvironEncoder(2000);

  it("are what the slow twin says, for any request", () => {
    fc.assert(
      fc.property(request, fc.integer({ min: -1, max: 100_000 }), (sample, decodedLength) => {
        const isChunked = decodedLength >= 0;
        const length = encoder.encode(headOf(sample), connection, false, isChunked);
        const environ = encoder.bytes.slice(0, length);
        const whole = isChunked
          ? EnvironEncoder.withContentLength(environ, decodedLength)
          : environ;
        assert.deepEqual(readEnviron(whole), environOf(sample, facts, decodedLength));
      }),
      { numRuns: 500 },
    );
  });
});
