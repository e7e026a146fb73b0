import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { AccessLogOutput } from "./access-log-output.ts";

const PIPE_BYTES = 64 * 1024;
/** Of a length that does not divide what a pipe holds. */
const LINE_BYTES = 100;

function linesOf(word: string, bytes: number): Buffer {
  return Buffer.from(`${word.padEnd(LINE_BYTES - 1, ".")}\n`.repeat(Math.ceil(bytes / LINE_BYTES)));
}

/** All that waits in it. */
function textIn(descriptor: number): string {
  const bytes = Buffer.alloc(2 * PIPE_BYTES);
  return bytes.toString("latin1", 0, readSync(descriptor, bytes));
}

describe("the output of an access log", () => {
  it("lets no line begin in the midst of one whose rest was lost", async () => {
    const directory = mkdtempSync(join(tmpdir(), "rickhouse-test-"));
    const path = join(directory, "fifo");
    assert.equal(spawnSync("mkfifo", [path]).status, 0);
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const writer = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
    const troubles: string[] = [];
    const output = new AccessLogOutput(
      () => ({ descriptor: writer, isNonBlocking: true }),
      (code) => troubles.push(code),
    );
    const write = async (lines: Buffer): Promise<void> => {
      await new Promise<void>((resolve) => {
        output.write(lines, lines.length, resolve);
      });
    };

    const first = write(linesOf("first", 2 * PIPE_BYTES));
    closeSync(reader);
    await first;
    assert.deepEqual(troubles, ["EPIPE"]);
    const next = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const cut = textIn(next);
    assert.ok(cut.startsWith("first") && !cut.endsWith("\n"));

    await write(linesOf("second", LINE_BYTES));
    await write(linesOf("third", LINE_BYTES));
    const words = textIn(next)
      .split("\n")
      .map((line) => line.replace(/\.+$/, ""));
    assert.deepEqual(words, ["", "second", "third", ""]);
    closeSync(next);
    output.close();
    rmSync(directory, { recursive: true });
  });
});
