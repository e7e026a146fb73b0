// RFC 9112 sentence by sentence: every vector of test/vectors/http1.json is fed whole, byte by byte and cut at random places.
// The vectors say what is accepted and refused; nothing here knows a rule of the protocol.

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { readFileSync, readdirSync } from "node:fs";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { REFUSALS, type RefusalCode } from "../../src/core/http/refusal.ts";
import {
  DEFAULT_LIMITS,
  type SeenRequest,
  splitAll,
  splitAt,
  transcribe,
  type Transcript,
} from "../support/transcript.ts";
import type { RequestLimits } from "../../src/core/http1/request-parser.ts";

interface Vector {
  readonly name: string;
  readonly input: string;
  readonly limits?: Partial<RequestLimits>;
  readonly requests: readonly Partial<SeenRequest>[];
  readonly rest: Transcript["rest"];
  readonly refused?: RefusalCode;
  readonly status?: number;
}

const SPLITS_PER_VECTOR = 10;

const file = new URL("../vectors/http1.json", import.meta.url);
const { vectors }: { readonly vectors: Vector[] } = JSON.parse(readFileSync(file, "utf8"));

describe("HTTP/1.1 vectors", () => {
  it("are many, and no name stands twice", () => {
    assert.ok(vectors.length >= 250);
    assert.equal(new Set(vectors.map((vector) => vector.name)).size, vectors.length);
  });

  it("show every refusal that the parser can give", () => {
    const shown = new Set<string | undefined>(vectors.map((vector) => vector.refused));
    assert.deepEqual(
      refusalsInSource().filter((code) => !shown.has(code)),
      [],
    );
  });

  for (const vector of vectors) {
    it(vector.name, () => {
      check(vector);
    });
  }
});

/** Each `REFUSALS.code` that the parser's source names. */
function refusalsInSource(): string[] {
  const folder = new URL("../../src/core/http1/", import.meta.url);
  const sources = readdirSync(folder).filter((name) => !name.endsWith(".test.ts"));
  const text = sources.map((name) => readFileSync(new URL(name, folder), "utf8")).join("");
  return [...text.matchAll(/REFUSALS\.(\w+)/g)].flatMap((match) => match[1] ?? []);
}

function check(vector: Vector): void {
  const bytes = Buffer.from(vector.input, "latin1");
  const limits = { ...DEFAULT_LIMITS, ...vector.limits };
  const whole = transcribe([bytes], limits);

  assert.equal(whole.refused, vector.refused);
  assert.equal(whole.refused && REFUSALS[whole.refused].status, vector.status);
  assert.equal(whole.rest, vector.rest);
  assert.equal(whole.requests.length, vector.requests.length);
  for (const [index, expected] of vector.requests.entries()) {
    const seen = whole.requests[index];
    assert.deepEqual(seen, { ...seen, isComplete: true, ...expected });
  }

  assert.deepEqual(transcribe(splitAll(bytes), limits), whole, "byte by byte");
  const cuts = fc.array(fc.nat({ max: bytes.length }), { maxLength: 8 });
  fc.assert(
    fc.property(cuts, (at) => {
      assert.deepEqual(transcribe(splitAt(bytes, at), limits), whole);
    }),
    { numRuns: SPLITS_PER_VECTOR },
  );
}
