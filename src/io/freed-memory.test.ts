import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { giveBackFreedMemory } from "./freed-memory.ts";
import { loadLibc } from "./sockets/libc.ts";

const MIB = 2 ** 20;

test("memory is trimmed when the process has grown since the last time, one trim at a time", (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  let resident = 60 * MIB;
  const dones: (() => void)[] = [];
  giveBackFreedMemory(
    (done) => dones.push(done),
    () => resident,
  );
  t.mock.timers.tick(2000);
  assert.equal(dones.length, 1);
  t.mock.timers.tick(2000); // The first is under way.
  assert.equal(dones.length, 1);
  resident = 50 * MIB;
  dones[0]?.();
  resident = 51 * MIB;
  t.mock.timers.tick(2000);
  assert.equal(dones.length, 1);
  resident = 52 * MIB;
  t.mock.timers.tick(2000);
  assert.equal(dones.length, 2);
  dones[1]?.();
});

test("freed memory goes back to the system", async (t) => {
  const trim = loadLibc()?.mallocTrim;
  if (trim === undefined) {
    t.skip("no malloc_trim here");
    return;
  }
  setFlagsFromString("--expose-gc");
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the flag adds
  const collect = runInNewContext("gc") as () => void;
  let blocks = Array.from({ length: 4096 }, () => Buffer.allocUnsafeSlow(16_384).fill(1));
  const last = blocks.at(-1); // What lies at the end of the heap keeps all below it.
  const before = process.memoryUsage.rss();
  blocks = [];
  let freed = 0;
  // What is collected is freed by other threads, some time later.
  for (let trial = 0; freed < 32 * MIB && trial < 100; trial++) {
    collect();
    await new Promise<void>((resolve) => {
      trim(resolve);
    });
    freed = before - process.memoryUsage.rss();
  }
  assert.ok(freed >= 32 * MIB, `${freed / MIB} MiB`);
  assert.equal(last?.[0], 1);
});
