// The memory in which workers leave large pieces of answers, as it looks from outside: docs/protocol.md section 7.

import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import { PLACE_STRIDE, SLOT_BYTES } from "../../src/io/workers/answer-place.ts";
import { mappingsOf, memoryFile } from "./memory-files.ts";
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
  return mappingsOf(server.pid, NAME);
}

function wordsOf(zygote: number): number[] {
  const path = memoryFile(zygote, NAME);
  if (path === undefined) return [];
  const descriptor = openSync(path, "r");
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
