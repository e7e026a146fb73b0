// The readers of frames, the front's and Python's, under bytes that are nearly frames: both find the same frames and refuse the same,
// however the bytes are cut.

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import * as fc from "fast-check";
import { cutAt, type FrameEvent, framesIn, SAMPLE_MEMORY_BYTES } from "../support/frame-events.ts";
import { fromHex, readWireVectors } from "../support/wire-vectors.ts";
import { ROOT } from "../support/server.ts";
import { cuts, mutated } from "./mutation.ts";
import type { FuzzTarget } from "./target.ts";

/** What python/tests/fuzz_frames.py finds in some bytes, up to the first frame that it refuses. */
type Accepted = readonly (readonly [name: string, number: number, bodyBytes: number])[];

const READER = `${ROOT}/python/tests/fuzz_frames.py`;

export function framesTarget(): FuzzTarget {
  const { toFront, violationsToFront } = readWireVectors();
  const vectors = [...toFront, ...violationsToFront].map(({ hex }) => Buffer.from(fromHex(hex)));
  const python = new PythonReader();
  const property = fc.asyncProperty(mutated(vectors), cuts, async (bytes, offsets) => {
    const whole = framesIn([bytes]);
    assert.deepEqual(framesIn(cutAt(bytes, offsets)), whole);
    // Each refuses some frames by their beginning that the other one has to see whole: what was accepted must be the same.
    assert.deepEqual(await python.read(bytes), acceptedIn(whole));
  });
  return { name: "frames", property, close: () => python.close() };
}

/** Python reads whole frames only: one that the front has seen the beginning of is none yet. */
function acceptedIn(events: readonly FrameEvent[]): Accepted {
  return events
    .filter(({ frame, isOver }) => frame !== "violation" && isOver)
    .map(({ frame, fields, body }) => [frame, Number(fields["number"]), body.length]);
}

class PythonReader {
  readonly #child = spawn("python3", [READER, String(SAMPLE_MEMORY_BYTES)], {
    env: { ...process.env, PYTHONPATH: `${ROOT}/python/src` },
    stdio: ["pipe", "pipe", "inherit"],
  });
  readonly #lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();

  async read(bytes: Uint8Array): Promise<Accepted> {
    this.#child.stdin.write(`${Buffer.from(bytes).toString("hex")}\n`);
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error("the Python reader has ended");
    const accepted: Accepted = JSON.parse(value);
    return accepted;
  }

  close(): void {
    this.#child.stdin.end();
  }
}
