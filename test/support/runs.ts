// The test's side of test/apps/counting.py: which request ran how often.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ServerUnderTest } from "./server.ts";

/** The ids of all runs, of all workers: one that is in it twice ran twice. */
export function runsOf(server: ServerUnderTest): string[] {
  const directory = server.temporaryDirectory;
  return readdirSync(directory)
    .filter((name) => name.startsWith("runs-"))
    .flatMap((name) => readFileSync(join(directory, name), "latin1").split("\n").slice(0, -1));
}
