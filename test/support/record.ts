// The test's side of test/apps/record.py: what ran in the application, and the gates on which it waits.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { waitFor, type ServerUnderTest } from "./server.ts";

/** The lines that the application noted, in the order in which they ran. */
export function recordOf(server: ServerUnderTest): string[] {
  const path = join(server.temporaryDirectory, "record");
  return existsSync(path) ? readFileSync(path, "utf8").split("\n").slice(0, -1) : [];
}

/** Resolves when the application noted a line that matches, with that line. */
export function noted(server: ServerUnderTest, line: string | RegExp): Promise<string> {
  return waitFor(`the note ${String(line)}`, () =>
    recordOf(server).find((note) => (typeof line === "string" ? note === line : line.test(note))),
  );
}

export function openGate(server: ServerUnderTest, name: string): void {
  writeFileSync(join(server.temporaryDirectory, `gate-${name}`), "");
}
