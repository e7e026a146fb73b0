// Runs test files by node:test, each in a process of its own, and reports them: one line a file, everything about what failed.

import { availableParallelism } from "node:os";
import { relative } from "node:path";
import { run } from "node:test";
import { inspect } from "node:util";
import { add, NOTHING, type Tally } from "./tally.ts";

/** A file that takes longer hangs, or left something running: its process is ended, and it has failed. */
const FILE_TIMEOUT_MS = 300_000;

/** Integration tests start servers with workers of their own: more files at once only make each other late. */
const MAX_FILES_AT_ONCE = 2;

export async function runNodeTests(
  files: readonly string[],
  maxFilesAtOnce: number = MAX_FILES_AT_ONCE,
  timeoutMs: number = FILE_TIMEOUT_MS,
): Promise<Tally> {
  const waiting = [...files];
  let all = NOTHING;
  const runInTurn = async (): Promise<void> => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      const tally = await runFile(file, timeoutMs);
      // Not in one statement: `all` would be read before the wait, and the other lane's tally lost.
      all = add(all, tally);
    }
  };
  const lanes = Math.min(maxFilesAtOnce, availableParallelism());
  await Promise.all(Array.from({ length: lanes }, runInTurn));
  return all;
}

async function runFile(file: string, timeoutMs: number): Promise<Tally> {
  const startMs = performance.now();
  // One run for each file: the time-out of a run with several does not end a file that leaves a timer or a socket open.
  const timeout = AbortSignal.timeout(timeoutMs);
  const events = run({ files: [file], signal: timeout });
  let output = "";
  let failures = "";
  let tally: Tally = { passed: 0, failed: 1, skipped: 0 };
  events.on("test:stdout", ({ message }) => (output += message));
  events.on("test:stderr", ({ message }) => (output += message));
  events.on("test:fail", ({ name, line, details: { error } }) => {
    // A suite fails because of its tests, which speak for themselves.
    if ("failureType" in error && error.failureType === "subtestsFailed") return;
    failures += describeFailure(`${name}${line === undefined ? "" : ` (line ${line})`}`, error);
  });
  events.on("test:pass", ({ name }) => {
    if (name === file) failures += "  there is no test in it\n";
  });
  events.on("test:summary", ({ file: one, counts }) => {
    if (one !== undefined) return;
    const skipped = counts.skipped + counts.todo;
    // A test that was cancelled did not do what it should.
    tally = { passed: counts.passed, failed: counts.tests - counts.passed - skipped, skipped };
  });
  for await (const _ of events);
  if (timeout.aborted) failures += `  not ended after ${timeoutMs / 1000} s\n`;
  if (failures !== "" && tally.failed === 0) tally = { ...tally, failed: 1 };

  const durationMs = Math.round(performance.now() - startMs);
  const told = `${relative(process.cwd(), file)} (${tally.passed + tally.failed} tests, ${durationMs} ms)`;
  if (tally.failed === 0) process.stdout.write(`ok ${told}\n`);
  else process.stdout.write(`not ok ${told}\n${output}${failures}`);
  return tally;
}

function describeFailure(name: string, error: Error): string {
  const text = inspect(error.cause ?? error, { depth: 8 });
  return `  not ok ${name}\n${text.replaceAll(/^/gm, "    ")}\n`;
}
