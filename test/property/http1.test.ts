// What holds for all bytes: the parser never throws, tells the same however the bytes are cut, never takes back what it
// said, and gives back what a correct client wrote.

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import {
  DEFAULT_LIMITS,
  splitAll,
  splitAt,
  transcribe,
  type Transcript,
} from "../support/transcript.ts";

/** Limits that a short input can reach. */
const TIGHT = {
  requestLineBytes: 40,
  fieldBytes: 30,
  headBytes: 120,
  fieldCount: 5,
  bodyBytes: 20,
};

const cuts = fc.array(fc.nat({ max: 400 }), { maxLength: 12 });

/** Pieces of requests, good and bad: far more of them lead somewhere than of random bytes. */
const word = fc.constantFrom(
  ..."GET POST OPTIONS CONNECT / /a?b * http://h/ h:1 HTTP/1.1 HTTP/1.0 HTTP/2.0 Host Content-Length".split(
    " ",
  ),
  ...'Transfer-Encoding Connection Expect chunked close keep-alive 100-continue X 0 1 5 a ; = , " # %'.split(
    " ",
  ),
  ..." |  |\t|\r\n|\r\n|\r\n|\r\n\r\n|\n|\r|:|: |\0|\u007f|\u00e9".split("|"),
  "GET / HTTP/1.1\r\nHost: h\r\n",
  "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc",
  "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n",
  "5\r\nhello\r\n",
  "0\r\n\r\n",
);
const soup = fc
  .array(word, { maxLength: 30 })
  .map((words) => Buffer.from(words.join(""), "latin1"));
const noise = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
const anything = fc.oneof({ weight: 4, arbitrary: soup }, { weight: 1, arbitrary: noise });

describe("any bytes", () => {
  it("never make the parser throw, and tell the same however they are cut", () => {
    fc.assert(
      fc.property(anything, cuts, fc.constantFrom(TIGHT, DEFAULT_LIMITS), (bytes, at, limits) => {
        const whole = transcribe([bytes], limits);
        const inside = at.filter((cut) => cut <= bytes.length);
        assert.deepEqual(transcribe(splitAt(bytes, inside), limits), whole);
        assert.deepEqual(transcribe(splitAll(bytes), limits), whole);
      }),
      { numRuns: 1500 },
    );
  });

  it("are refused with the byte that makes them wrong, and no later byte changes that", () => {
    fc.assert(
      fc.property(soup, soup, (bytes, more) => {
        const short = transcribe([bytes]);
        const long = transcribe([bytes, more]);
        if (short.refused !== undefined) assert.deepEqual(long, short);
        const complete = short.requests.filter((request) => request.isComplete);
        assert.deepEqual(long.requests.slice(0, complete.length), complete);
      }),
      { numRuns: 1000 },
    );
  });

  it("never make a head larger than its limits", () => {
    fc.assert(
      fc.property(soup, (bytes) => {
        for (const request of transcribe([bytes], TIGHT).requests) {
          assert.ok(request.fields.length <= TIGHT.fieldCount);
          assert.ok(request.method.length + request.target.length <= TIGHT.requestLineBytes - 10);
          for (const [name, value] of request.fields) {
            assert.ok(name.length + 1 + value.length <= TIGHT.fieldBytes);
          }
          assert.ok(request.body.length <= TIGHT.bodyBytes);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

const TCHAR = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const VISIBLE = Array.from({ length: 94 }, (_, index) => String.fromCharCode(0x21 + index)).join(
  "",
);

function text(characters: string, minLength: number, maxLength: number) {
  return fc.string({ unit: fc.constantFrom(...characters.split("")), minLength, maxLength });
}

const KNOWN = /^(?:host|content-length|transfer-encoding|connection|expect)$/i;
const method = text(TCHAR, 1, 10).filter((token) => token !== "CONNECT");
const targetText = text(VISIBLE.replaceAll("#", ""), 0, 30).map((rest) => `/${rest}`);
const name = text(TCHAR, 1, 20).filter((token) => !KNOWN.test(token));
const value = text(`${VISIBLE} \t\u0080\u00ff`, 0, 30).map((inner) =>
  inner.replace(/^[ \t]+|[ \t]+$/g, ""),
);
const space = text(" \t", 0, 3);
const field = fc.record({ name, before: space, value, after: space });
const content = fc
  .uint8Array({ maxLength: 60 })
  .map((bytes) => Buffer.from(bytes).toString("latin1"));

const request = fc.record({
  method,
  target: targetText,
  fields: fc.array(field, { maxLength: 8 }),
  framing: fc.constantFrom("none", "sized", "chunked"),
  body: content,
  chunkSize: fc.integer({ min: 1, max: 20 }),
  emptyLines: fc.integer({ min: 0, max: 2 }),
});
type Generated = typeof request extends fc.Arbitrary<infer T> ? T : never;

/** The bytes that a correct client would send. */
function write(from: Generated): string {
  const fields = from.fields.map((f) => `${f.name}:${f.before}${f.value}${f.after}\r\n`).join("");
  const start = `${"\r\n".repeat(from.emptyLines)}${from.method} ${from.target} HTTP/1.1\r\nHost: h\r\n${fields}`;
  if (from.framing === "none") return `${start}\r\n`;
  if (from.framing === "sized")
    return `${start}Content-Length: ${from.body.length}\r\n\r\n${from.body}`;
  return `${start}Transfer-Encoding: chunked\r\n\r\n${writeChunks(from)}`;
}

function writeChunks({ body, chunkSize }: Generated): string {
  let chunks = "";
  for (let at = 0; at < body.length; at += chunkSize) {
    const chunk = body.slice(at, at + chunkSize);
    chunks += `${chunk.length.toString(16)}\r\n${chunk}\r\n`;
  }
  return `${chunks}0\r\n\r\n`;
}

function assertSame(seen: Transcript["requests"][number] | undefined, sent: Generated): void {
  assert.ok(seen?.isComplete);
  assert.equal(seen.method, sent.method);
  assert.equal(seen.target, sent.target);
  const [path, ...query] = sent.target.split("?");
  assert.equal(seen.path, path);
  assert.equal(seen.query, query.join("?"));
  assert.equal(seen.pathHasEscapes, path?.includes("%"));
  const fields = sent.fields.map((f) => [f.name.toLowerCase(), f.value]);
  assert.deepEqual(seen.fields.slice(1, 1 + fields.length), fields);
  const ascii = sent.fields.map((f) => (/[\u0080-\u00ff]/.test(f.value) ? 1 : 0));
  assert.deepEqual(seen.nonAscii.slice(1, 1 + fields.length), ascii);
  const names = seen.fields.map(([lower]) => lower);
  assert.equal(seen.hasRepeatedFields, new Set(names).size < names.length);
  assert.equal(seen.body, sent.framing === "none" ? "" : sent.body);
}

describe("generated requests", () => {
  it("come back as they were sent, pipelined, however they are cut", () => {
    fc.assert(
      fc.property(fc.array(request, { minLength: 1, maxLength: 4 }), cuts, (sent, at) => {
        const bytes = Buffer.from(sent.map(write).join(""), "latin1");
        const inside = at.filter((cut) => cut <= bytes.length);
        const seen = transcribe(splitAt(bytes, inside));
        assert.equal(seen.refused, undefined);
        assert.equal(seen.rest, "between");
        assert.equal(seen.requests.length, sent.length);
        for (const [index, one] of sent.entries()) assertSame(seen.requests[index], one);
      }),
      { numRuns: 500 },
    );
  });
});
