// The memory in which large bodies lie for workers, as it looks from outside: docs/protocol.md section 6.

import { readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import type { ServerUnderTest } from "./server.ts";

const NAME = "rickhouse-bodies";
const BLOCK_BYTES = 512;

/** Of the memory of all zygotes: what was written and not given back. */
export function writtenKiB(server: ServerUnderTest): number {
  return server.zygotes.reduce((sum, zygote) => sum + bytesOf(zygote) / 1024, 0);
}

/** So many of them has the front mapped. */
export function mappedMemories(server: ServerUnderTest): number {
  const lines = readFileSync(`/proc/${server.pid}/maps`, "latin1").split("\n");
  return lines.filter((line) => line.includes(NAME)).length;
}

function bytesOf(zygote: number): number {
  const directory = `/proc/${zygote}/fd`;
  for (const name of readdirSync(directory)) {
    try {
      if (!readlinkSync(`${directory}/${name}`).includes(NAME)) continue;
      return statSync(`${directory}/${name}`).blocks * BLOCK_BYTES;
    } catch {
      // Closed meanwhile.
    }
  }
  return 0;
}
