// What a FrameReader says about some chunks, as values that do not depend on where the chunks were cut:
// the pieces of a frame are joined again.

import {
  FrameReader,
  type PiecesInMemory,
  READ,
  type Read,
} from "../../src/core/wire/frame-reader.ts";

export const SAMPLE_MEMORY_BYTES = 100_000;

/** What lies in memory for the frames of the tests: no two ranges are alike. */
const MEMORY = Uint8Array.from({ length: SAMPLE_MEMORY_BYTES }, (_, at) => (at % 251) ^ (at >> 8));

export function pieceInMemory(start: number, length: number): Uint8Array {
  return MEMORY.subarray(start, start + length);
}

/** `uses`: what was done with it. */
export function sampleMemory(uses: string[] = []): PiecesInMemory {
  return {
    take: (start, length) => {
      if (start + length > MEMORY.length) return undefined;
      uses.push(`take ${start} ${length}`);
      return MEMORY;
    },
    keep: () => {
      uses.push("keep");
      return () => uses.push("let go");
    },
    leave: () => {
      uses.push("leave");
    },
  };
}

export interface FrameEvent {
  readonly frame: string;
  readonly fields: Record<string, unknown>;
  body: Uint8Array;
  isOver: boolean;
}

const NAMES: Readonly<Record<number, string>> = {
  [READ.hello]: "HELLO",
  [READ.answer]: "ANSWER",
  [READ.body]: "BODY",
  [READ.end]: "END",
};

/** The frames in `chunks`; a violation is the last entry, its text in `fields`. */
export function framesIn(chunks: Iterable<Uint8Array>): FrameEvent[] {
  const reader = new FrameReader();
  reader.memory = sampleMemory();
  const events: FrameEvent[] = [];
  for (const chunk of chunks) {
    // A socket's buffer may be used again: what the reader keeps must be its own.
    const borrowed = Buffer.from(chunk);
    reader.push(borrowed);
    for (let read = reader.next(); read !== READ.needMore; read = reader.next()) {
      if (read === READ.violation) {
        const fields = { violation: reader.violation };
        events.push({ frame: "violation", fields, body: new Uint8Array(0), isOver: true });
        return events;
      }
      addEvent(events, read, reader);
    }
    borrowed.fill(0xee);
  }
  return events;
}

function addEvent(events: FrameEvent[], read: Read, reader: FrameReader): void {
  const piece = Uint8Array.from(reader.bytes.subarray(reader.pieceStart, reader.pieceEnd));
  const last = events.at(-1);
  if (read === READ.body && last?.isOver === false) {
    last.body = Buffer.concat([last.body, piece]);
    last.isOver = reader.isFrameOver;
    return;
  }
  const hasBody = read === READ.answer || read === READ.body;
  events.push({
    frame: NAMES[read] ?? "?",
    fields: fieldsOf(read, reader),
    body: Buffer.from(hasBody ? piece : []),
    isOver: reader.isFrameOver,
  });
}

function fieldsOf(read: Read, reader: FrameReader): Record<string, unknown> {
  const { number, flags, status, contentLength, runNs } = reader;
  const head = Buffer.from(reader.bytes.subarray(reader.headStart, reader.headEnd)).toString(
    "latin1",
  );
  if (read === READ.answer) return { number, flags, status, contentLength, runNs, head };
  if (read === READ.body) return { number, flags };
  if (read === READ.end) return { number, flags, runNs, isBroken: reader.isBroken };
  const { token, version, thread, pid } = reader;
  return { number, flags, token: Buffer.from(token).toString("hex"), version, thread, pid };
}

/** `bytes` cut at the given offsets (in any order, those out of range ignored). */
export function cutAt(bytes: Uint8Array, offsets: readonly number[]): Uint8Array[] {
  const cuts = [...new Set(offsets)].filter((offset) => offset > 0 && offset < bytes.length);
  cuts.sort((a, b) => a - b);
  return [...cuts, bytes.length].map((end, i) => bytes.subarray(cuts[i - 1] ?? 0, end));
}

export function byteByByte(bytes: Uint8Array): Uint8Array[] {
  return Array.from(bytes, (_, i) => bytes.subarray(i, i + 1));
}
