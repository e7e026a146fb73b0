// What all labs read from the environment, and how they speak.

import { writeSync } from "node:fs";

/** Something that the reader can mend: shown as one line, without a stack. */
export class UsageError extends Error {
  override readonly name: string = "UsageError";
}

/** 0: any free port. */
export const PORT = numberOf("PORT") ?? 8888;

/** `SLEEP` in seconds, or what the lab sleeps by itself. */
export function sleepSeconds(byDefault: number): number {
  return numberOf("SLEEP") ?? byDefault;
}

/** A line on stdout, at once: console.log may wait for an event loop that a blocking server never reaches. */
export function print(line: string): void {
  writeSync(1, `${line}\n`);
}

function numberOf(name: string): number | undefined {
  const text = process.env[name];
  if (text === undefined || text === "") return undefined;
  const number = Number(text);
  if (Number.isFinite(number) && number >= 0) return number;
  // Before any lab runs: there is nobody yet who could show an error as one line.
  writeSync(2, `lab: ${name}=${text}: write a number\n`);
  process.exit(2);
}
