// test/vectors/wire.json with types, and the bytes that each vector's fields stand for.
// A text in a vector is a string of bytes (latin-1). The Python tests read the same file.

import { readFileSync } from "node:fs";
import {
  ANSWER_FLAG,
  BODY_FLAG,
  END_FLAG,
  FRAME,
  FRAME_HEADER_BYTES,
  GONE_FLAG,
  REQUEST_FLAG,
  writeFrameHeader,
} from "../../src/core/wire/frame.ts";
import {
  type ConnectionFacts,
  encodeConnectionEnviron,
} from "../../src/core/wire/connection-environ.ts";
import { EnvironEncoder } from "../../src/core/wire/environ.ts";
import { requestFrameBytes, writeRequestFrame } from "../../src/core/wire/request-writer.ts";
import { headOf, type SampleRequest } from "./sample-request.ts";
import { answerFrame, bodyFrame, endFrame, helloFrame } from "./worker-frames.ts";

interface FrameVector {
  readonly name: string;
  readonly number: number;
  readonly flags: readonly string[];
  hex: string;
}
export interface HelloVector extends FrameVector {
  readonly frame: "HELLO";
  readonly token: string;
  readonly version: number;
  readonly thread: number;
  readonly pid: number;
}
export interface AnswerVector extends FrameVector {
  readonly frame: "ANSWER";
  readonly status: number;
  readonly contentLength: number;
  readonly runNs: number;
  readonly head: string;
  readonly body: string;
}
export interface BodyVector extends FrameVector {
  readonly frame: "BODY";
  readonly body: string;
}
export interface EndVector extends FrameVector {
  readonly frame: "END";
  readonly runNs: number;
}
export interface RequestVector extends FrameVector {
  readonly frame: "REQUEST";
  /** Hex. */
  readonly environ: string;
  readonly body: string;
}
export interface GoneVector extends FrameVector {
  readonly frame: "GONE";
}
export interface ViolationVector {
  readonly name: string;
  readonly hex: string;
}
export interface EnvironVector {
  readonly name: string;
  readonly request: SampleRequest;
  readonly connection: ConnectionFacts;
  /** Of a chunked body; -1 when the body is not chunked. */
  readonly decodedLength: number;
  readonly environ: Readonly<Record<string, string>>;
  hex: string;
}
export type ToFrontVector = HelloVector | AnswerVector | BodyVector | EndVector;
export type ToWorkerVector = RequestVector | GoneVector;

export interface WireVectors {
  readonly protocol: number;
  readonly toFront: readonly ToFrontVector[];
  readonly toWorker: readonly ToWorkerVector[];
  /** What a front (a worker) refuses as soon as these bytes are there. */
  readonly violationsToFront: readonly ViolationVector[];
  readonly violationsToWorker: readonly ViolationVector[];
  readonly environs: readonly EnvironVector[];
}

export const WIRE_VECTORS_URL = new URL("../vectors/wire.json", import.meta.url);

/** The file is ours: its shape is the type above, and the tests compare every value in it. */
export function readWireVectors(): WireVectors {
  const vectors: WireVectors = JSON.parse(readFileSync(WIRE_VECTORS_URL, "utf8"));
  return vectors;
}

const FLAGS: Record<(ToFrontVector | ToWorkerVector)["frame"], Readonly<Record<string, number>>> = {
  HELLO: {},
  ANSWER: ANSWER_FLAG,
  BODY: BODY_FLAG,
  END: END_FLAG,
  REQUEST: REQUEST_FLAG,
  GONE: GONE_FLAG,
};

/** The flags byte that the names stand for. */
export function flagsOf(vector: ToFrontVector | ToWorkerVector): number {
  const values = FLAGS[vector.frame];
  return vector.flags.reduce((sum, name) => sum | (values[name.toLowerCase()] ?? Number.NaN), 0);
}

/** The bytes of the frame, made from the vector's fields. */
export function frameBytesOf(vector: ToFrontVector | ToWorkerVector): Uint8Array {
  const { number } = vector;
  const flags = flagsOf(vector);
  switch (vector.frame) {
    case "HELLO":
      return helloFrame({ ...vector, token: fromHex(vector.token) });
    case "ANSWER": {
      const { status, contentLength, runNs } = vector;
      const [head, body] = [latin1(vector.head), latin1(vector.body)];
      return answerFrame({ number, flags, status, contentLength, runNs, head, body });
    }
    case "BODY":
      return bodyFrame(number, flags, latin1(vector.body));
    case "END":
      return endFrame(number, flags, vector.runNs);
    case "REQUEST": {
      const [environ, body] = [fromHex(vector.environ), latin1(vector.body)];
      const out = new Uint8Array(requestFrameBytes(environ.length, body.length));
      writeRequestFrame(out, 0, { number, flags, environ, body });
      return out;
    }
    case "GONE": {
      const out = new Uint8Array(FRAME_HEADER_BYTES);
      writeFrameHeader(out, 0, FRAME.gone, flags, number, 0);
      return out;
    }
  }
}

const encoder = new EnvironEncoder();

/** The finished environ, made from the vector's request. */
export function environBytesOf(
  vector: Pick<EnvironVector, "request" | "connection" | "decodedLength">,
): Uint8Array {
  const { request, connection, decodedLength } = vector;
  const isChunked = decodedLength >= 0;
  const facts = encodeConnectionEnviron(connection);
  const end = encoder.encode(headOf(request), facts, false, isChunked);
  const environ = encoder.bytes.slice(0, end);
  return isChunked ? EnvironEncoder.withContentLength(environ, decodedLength) : environ;
}

export function latin1(text: string): Uint8Array {
  return Buffer.from(text, "latin1");
}

export function fromHex(hex: string): Uint8Array {
  return Buffer.from(hex, "hex");
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
