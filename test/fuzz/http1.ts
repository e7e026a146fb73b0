// The request parser under bytes that are nearly requests: it never throws, and tells the same however they are cut.

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { DEFAULT_LIMITS, splitAll, splitAt, transcribe } from "../support/transcript.ts";
import { cuts, mutated } from "./mutation.ts";
import type { FuzzTarget } from "./target.ts";

const FILE = new URL("../vectors/http1.json", import.meta.url);
/** Limits that a short input can reach. */
const TIGHT = {
  requestLineBytes: 40,
  fieldBytes: 30,
  headBytes: 120,
  fieldCount: 5,
  bodyBytes: 20,
};
const MOST_BYTES = 20_000;
/** What two servers read differently, once it stands in the wrong place. */
const WORDS = [
  "\r\n",
  "\n",
  "\r",
  "\r\n\r\n",
  "0\r\n\r\n",
  "Content-Length: 5\r\n",
  "Transfer-Encoding: chunked\r\n",
  "Host: a\r\n",
  "Connection: close\r\n",
  "Expect: 100-continue\r\n",
  " HTTP/1.1",
  "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
  ";a=b",
  "ffffffffffffffff",
  "\0",
].map((word) => Buffer.from(word, "latin1"));

interface Http1Vectors {
  readonly vectors: readonly { readonly input: string }[];
}

export function http1Target(): FuzzTarget {
  const { vectors }: Http1Vectors = JSON.parse(readFileSync(FILE, "utf8"));
  const inputs = vectors
    .map(({ input }) => Buffer.from(input, "latin1"))
    .filter(({ length }) => length < MOST_BYTES);
  const property = fc.property(
    mutated(inputs, WORDS),
    cuts,
    fc.constantFrom(TIGHT, DEFAULT_LIMITS),
    (bytes, offsets, limits) => {
      const whole = transcribe([bytes], limits);
      const inside = offsets.filter((cut) => cut <= bytes.length);
      assert.deepEqual(transcribe(splitAt(bytes, inside), limits), whole);
      if (bytes.length < 400) assert.deepEqual(transcribe(splitAll(bytes), limits), whole);
      for (const { fields, body } of whole.requests) {
        assert.ok(fields.length <= limits.fieldCount && body.length <= limits.bodyBytes);
      }
    },
  );
  return { name: "http1", property };
}
