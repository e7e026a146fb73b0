// buffers: what blocking reads, socket buffers, buffered reads, unbuffered writes and sendall are. One experiment each, in buffers/.
// Usage: bin/lab buffers [EXPERIMENT]     without a name, all of them

import { print, UsageError } from "./settings.ts";
import { blockingRead } from "./buffers/blocking-read.ts";
import { bufferedReads } from "./buffers/buffered-reads.ts";
import { fullBuffer } from "./buffers/full-buffer.ts";
import { partialSend } from "./buffers/partial-send.ts";
import { unbufferedWrites } from "./buffers/unbuffered-writes.ts";

const EXPERIMENTS: Readonly<Record<string, () => void>> = {
  "blocking-read": blockingRead,
  "full-buffer": fullBuffer,
  "buffered-reads": bufferedReads,
  "unbuffered-writes": unbufferedWrites,
  "partial-send": partialSend,
};

const asked = process.argv[2];
const names = Object.keys(EXPERIMENTS).filter((name) => asked === undefined || name === asked);
if (names.length === 0)
  throw new UsageError(
    `no experiment ${asked}; write one of ${Object.keys(EXPERIMENTS).join(", ")}`,
  );
for (const name of names) {
  print(`== ${name}`);
  EXPERIMENTS[name]?.();
}
