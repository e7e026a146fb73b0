// What the parser says about given bytes, as plain values that compare: the observer of all tests of this folder.
// Knows only the parser's public face, so it sees what a connection sees.

import { FieldNameTable } from "../../src/core/http/field-names.ts";
import { latin1Of, TARGET_FORM, type RequestHead } from "../../src/core/http/request-head.ts";
import type { RefusalCode } from "../../src/core/http/refusal.ts";
import { PARSED, RequestParser, type RequestLimits } from "../../src/core/http1/request-parser.ts";

/** The defaults of the server, for tests that do not bend them. */
export const DEFAULT_LIMITS: RequestLimits = {
  requestLineBytes: 8 * 1024,
  fieldBytes: 16 * 1024,
  headBytes: 32 * 1024,
  fieldCount: 100,
  bodyBytes: 64 * 1024 * 1024,
};

/** As in a server: one table for all connections, which the tests fill with more names than it holds. */
const SHARED_NAMES = new FieldNameTable();

/** One request as the parser told it; texts are latin-1. `body` and `isComplete` grow after the head. */
export interface SeenRequest {
  readonly method: string;
  readonly target: string;
  readonly form: keyof typeof TARGET_FORM;
  readonly authority: string;
  readonly path: string;
  readonly query: string;
  readonly minorVersion: number;
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly nonAscii: readonly number[];
  readonly hasRepeatedFields: boolean;
  readonly pathHasEscapes: boolean;
  readonly isHead: boolean;
  readonly isSafe: boolean;
  readonly contentLength: number;
  readonly hasHost: boolean;
  readonly expectsContinue: boolean;
  readonly keepAlive: boolean;
  body: string;
  isComplete: boolean;
}

export interface Transcript {
  readonly requests: readonly SeenRequest[];
  /** Where the bytes left the parser; `refused` says why. */
  readonly rest: "between" | "head" | "body" | "closed" | "refused";
  readonly refused: RefusalCode | undefined;
}

/** Pushes the chunks one by one, pulling all events between them. */
export function transcribe(
  chunks: Iterable<Uint8Array>,
  limits: RequestLimits = DEFAULT_LIMITS,
  names: FieldNameTable = SHARED_NAMES,
): Transcript {
  const parser = new RequestParser(limits, names);
  const requests: SeenRequest[] = [];
  for (const chunk of chunks) {
    parser.push(chunk);
    pull(parser, requests);
  }
  return { requests, rest: restOf(parser, requests), refused: parser.refusal?.code };
}

/** The chunks of `bytes` between the offsets `cuts`, each in an array of its own. */
export function splitAt(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const edges = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
  return edges.slice(1).map((end, index) => bytes.slice(edges[index], end));
}

/** Each byte alone. */
export function splitAll(bytes: Uint8Array): Uint8Array[] {
  return Array.from(bytes, (byte) => Uint8Array.of(byte));
}

function pull(parser: RequestParser, requests: SeenRequest[]): void {
  for (;;) {
    const event = parser.next();
    const last = requests.at(-1);
    if (event === PARSED.needMore || event === PARSED.refused) return;
    if (event === PARSED.head) {
      requests.push(describeHead(parser.head));
    } else if (last === undefined || last.isComplete) {
      throw new Error("an event of a body without a head");
    } else if (event === PARSED.body) {
      if (parser.bodyPiece.length === 0) throw new Error("an empty piece of a body");
      last.body += latin1Of(parser.bodyPiece, 0, parser.bodyPiece.length);
    } else {
      last.isComplete = true;
    }
  }
}

function restOf(parser: RequestParser, requests: readonly SeenRequest[]): Transcript["rest"] {
  if (parser.refusal !== undefined) return "refused";
  const last = requests.at(-1);
  if (last !== undefined && !last.isComplete) return "body";
  if (!parser.isBetweenRequests) return "head";
  return last === undefined || last.keepAlive ? "between" : "closed";
}

function describeHead(head: RequestHead): SeenRequest {
  const { bytes } = head;
  const fields = Array.from({ length: head.fieldCount }, (_, index) => {
    const value = latin1Of(bytes, head.valueStart(index), head.valueEnd(index));
    return [head.names[index]?.lower ?? "", value] as const;
  });
  return {
    method: latin1Of(bytes, head.methodStart, head.methodEnd),
    target: latin1Of(bytes, head.targetStart, head.targetEnd),
    form: nameOfForm(head),
    authority: latin1Of(bytes, head.authorityStart, head.authorityEnd),
    path: latin1Of(bytes, head.pathStart, head.pathEnd),
    query: latin1Of(bytes, head.queryStart, head.queryEnd),
    minorVersion: head.minorVersion,
    fields,
    nonAscii: head.nonAscii.slice(0, head.fieldCount),
    hasRepeatedFields: head.hasRepeatedFields,
    pathHasEscapes: head.pathHasEscapes,
    isHead: head.isHead,
    isSafe: head.isSafe,
    contentLength: head.contentLength,
    hasHost: head.hasHost,
    expectsContinue: head.expectsContinue,
    keepAlive: head.keepAlive,
    body: "",
    isComplete: false,
  };
}

function nameOfForm(head: RequestHead): keyof typeof TARGET_FORM {
  if (head.targetForm === TARGET_FORM.absolute) return "absolute";
  return head.targetForm === TARGET_FORM.asterisk ? "asterisk" : "origin";
}
