// buffers: what each experiment claims, from its own words.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { runLab } from "./support/lab-process.ts";

describe("buffers", () => {
  it("blocking-read: sleeps until something comes, then until the end", async () => {
    const output = await experiment("blocking-read");
    const seconds = numberIn(output, /read gave "hello" after ([\d.]+) s of sleep/);
    assert.ok(seconds >= 0.4, `${seconds} s`);
    assert.ok(numberIn(output, /processor time meanwhile: ([\d.]+) ms/) < 300);
    assert.match(output, /read gave 0 bytes: the other side has closed/);
  });

  it("full-buffer: writes without a reader until the buffers are full, then sleeps", async () => {
    const output = await experiment("full-buffer");
    const room = numberIn(output, /send buffer (\d+)/) + numberIn(output, /receive buffer (\d+)/);
    const written = numberIn(output, /(\d+) bytes written, and nobody has read/);
    assert.ok(written > 16_384 && written <= 2 * room, `${written} bytes in ${room}`);
    assert.ok(numberIn(output, /the next write of 16384 bytes slept ([\d.]+) s/) >= 0.2);
  });

  it("buffered-reads: a system call for each byte, or one for all", async () => {
    const output = await experiment("buffered-reads");
    assert.equal(numberIn(output, /a byte at a time: 200 lines by (\d+) system calls/), 8401);
    assert.ok(numberIn(output, /buffered: 200 lines by (\d+) system calls/) <= 5);
  });

  it("unbuffered-writes: a system call for each piece, or one for all", async () => {
    const output = await experiment("unbuffered-writes");
    assert.equal(numberIn(output, /piece by piece: 200 answers by (\d+) writes/), 4600);
    assert.equal(numberIn(output, /joined first: 200 answers by (\d+) writes/), 200);
  });

  it("partial-send: send takes a part, the loop sends the rest", async () => {
    const output = await experiment("partial-send");
    const taken = numberIn(output, /send took (\d+) of 1000000 bytes/);
    assert.ok(taken > 0 && taken < 1_000_000);
    assert.equal(numberIn(output, /the client will miss (\d+)/), 1_000_000 - taken);
    assert.ok(numberIn(output, /the loop sent the rest by (\d+) more calls/) > 1);
    assert.match(output, /the client has got 1000000\n/);
  });

  it("runs all of them, and knows no others", async () => {
    const { output } = await runLab("buffers", { env: { SLEEP: "0.5" } });
    assert.equal(output.match(/^== /gm)?.length, 5);
    const unknown = await runLab("buffers", { args: ["cache"] });
    assert.equal(unknown.code, 2);
    assert.match(unknown.output, /no experiment cache; write one of blocking-read, full-buffer/);
  });
});

async function experiment(name: string): Promise<string> {
  const { code, output } = await runLab("buffers", { args: [name], env: { SLEEP: "2" } });
  assert.equal(code, 0, output);
  assert.ok(output.startsWith(`== ${name}\n`));
  return output;
}

function numberIn(output: string, pattern: RegExp): number {
  const found = pattern.exec(output)?.[1];
  assert.ok(found !== undefined, `${String(pattern)} in ${output}`);
  return Number(found);
}
