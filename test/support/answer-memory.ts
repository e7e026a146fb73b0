// The memory in which workers leave large pieces of answers, as it looks from outside: docs/protocol.md section 7.

import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, readSync } from "node:fs";
import { PLACE_STRIDE, SLOT_BYTES } from "../../src/io/workers/answer-place.ts";
import type { ServerUnderTest } from "./server.ts";

const NAME = "rickhouse-answers";
const SLOTS = PLACE_STRIDE / SLOT_BYTES;

/** How many slots are taken, of all zygotes. */
export function takenSlots(server: ServerUnderTest): number {
  return server.zygotes.flatMap(wordsOf).reduce((sum, word) => sum + word, 0);
}

/** What the front has touched of it. */
export function touchedKiB(server: ServerUnderTest): number {
  const parts = readFileSync(`/proc/${server.pid}/smaps`, "latin1").split(/^(?=[0-9a-f]+-)/m);
  const ours = parts.filter((part) => part.includes(NAME));
  return ours.reduce((sum, part) => sum + Number(/^Rss:\s+(\d+)/m.exec(part)?.[1]), 0);
}

/** So many parts of it has the front mapped. */
export function mappedParts(server: ServerUnderTest): number {
  const lines = readFileSync(`/proc/${server.pid}/maps`, "latin1").split("\n");
  return lines.filter((line) => line.includes(NAME)).length;
}

function wordsOf(zygote: number): number[] {
  const directory = `/proc/${zygote}/fd`;
  const name = readdirSync(directory).find((each) =>
    targetOf(`${directory}/${each}`).includes(NAME),
  );
  if (name === undefined) return [];
  const descriptor = openSync(`${directory}/${name}`, "r");
  try {
    const words: number[] = [];
    const bytes = new Uint32Array(Math.floor(SLOTS));
    for (let at = Math.floor(SLOTS) * SLOT_BYTES; ; at += PLACE_STRIDE) {
      if (readSync(descriptor, bytes, 0, bytes.byteLength, at) === 0) return words;
      words.push(...bytes);
    }
  } finally {
    closeSync(descriptor);
  }
}

function targetOf(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    return ""; // Closed meanwhile.
  }
}
