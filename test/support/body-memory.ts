// The memory in which large bodies lie for workers, as it looks from outside: docs/protocol.md section 6.

import { statSync } from "node:fs";
import { mappingsOf, memoryFile } from "./memory-files.ts";
import type { ServerUnderTest } from "./server.ts";

const NAME = "rickhouse-bodies";
const BLOCK_BYTES = 512;

/** Of the memory of all zygotes: what was written and not given back. */
export function writtenKiB(server: ServerUnderTest): number {
  return server.zygotes.reduce((sum, zygote) => sum + bytesOf(zygote) / 1024, 0);
}

/** So many of them has the front mapped. */
export function mappedMemories(server: ServerUnderTest): number {
  return mappingsOf(server.pid, NAME);
}

function bytesOf(zygote: number): number {
  const path = memoryFile(zygote, NAME);
  if (path === undefined) return 0;
  return (statSync(path, { throwIfNoEntry: false })?.blocks ?? 0) * BLOCK_BYTES;
}
