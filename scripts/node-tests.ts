// Runs test files by node:test, each in a process of its own, and reports them: one line a file, everything about what failed.

import { availableParallelism } from "node:os";
import { relative } from "node:path";
import { run } from "node:test";
import { inspect } from "node:util";
import type { Tally } from "./tally.ts";

/** A file that takes longer hangs: node:test ends it and counts it as failed. */
const FILE_TIMEOUT_MS = 300_000;

/** Integration tests start servers with workers of their own: more files at once only make each other late. */
const MAX_FILES_AT_ONCE = 2;

export async function runNodeTests(files: readonly string[]): Promise<Tally> {
  if (files.length === 0) return { passed: 0, failed: 0, skipped: 0 };
  const output = new Map<string, string>();
  const failures = new Map<string, string[]>();
  let tally: Tally | undefined;
  const events = run({
    files: [...files],
    concurrency: Math.min(MAX_FILES_AT_ONCE, availableParallelism()),
    timeout: FILE_TIMEOUT_MS,
    execArgv: ["--disable-warning=ExperimentalWarning"],
  });
  const keep = ({ file, message }: { file?: string | undefined; message: string }): void => {
    if (file !== undefined) output.set(file, (output.get(file) ?? "") + message);
  };
  events.on("test:stdout", keep);
  events.on("test:stderr", keep);
  events.on("test:fail", (failure) => {
    // A suite fails because of its tests, which speak for themselves.
    if (failureType(failure.details.error) === "subtestsFailed") return;
    const file = failure.file ?? failure.name;
    failures.set(file, [...(failures.get(file) ?? []), describeFailure(failure.name, failure)]);
  });
  events.on("test:summary", ({ file, counts, duration_ms: durationMs, success }) => {
    if (file === undefined) {
      // A part that was cancelled did not do what it should; a "todo" is not there yet.
      const failed = counts.tests - counts.passed - counts.skipped - counts.todo;
      tally = { passed: counts.passed, failed, skipped: counts.skipped + counts.todo };
      return;
    }
    const told = `${relative(process.cwd(), file)} (${counts.tests} tests, ${Math.round(durationMs)} ms)`;
    process.stdout.write(`${success ? "ok" : "not ok"} ${told}\n`);
    if (!success) process.stdout.write(output.get(file) ?? "");
  });
  for await (const _ of events);
  for (const [file, texts] of failures) {
    process.stdout.write(`\n${relative(process.cwd(), file)}\n${texts.join("")}\n`);
  }
  return tally ?? { passed: 0, failed: 1, skipped: 0 };
}

function failureType(error: unknown): unknown {
  return error instanceof Error && "failureType" in error ? error.failureType : undefined;
}

function describeFailure(
  name: string,
  { line, details }: { line?: number; details: { error: Error } },
): string {
  const { error } = details;
  const text = inspect(error.cause ?? error, { depth: 8 });
  return `  not ok ${name}${line === undefined ? "" : ` (line ${line})`}\n${text.replaceAll(/^/gm, "    ")}\n`;
}
