import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { FreedMemory } from "./freed-memory.ts";
import { loadLibc } from "./sockets/libc.ts";

const MIB = 2 ** 20;

function subject(): {
  look: (now: number, isIdle?: boolean) => number;
  done: () => void;
  resident: { bytes: number };
} {
  const resident = { bytes: 60 * MIB };
  const dones: (() => void)[] = [];
  const memory = new FreedMemory(
    (done) => dones.push(done),
    () => {
      if (Number.isNaN(resident.bytes)) throw new Error("ENOENT");
      return resident.bytes;
    },
  );
  return {
    resident,
    /** How many trims there have been. */
    look: (now, isIdle = false) => {
      memory.look(now, isIdle);
      return dones.length;
    },
    done: () => dones.at(-1)?.(),
  };
}

test("memory is trimmed every two seconds while the process grows, one trim at a time", () => {
  const { look, done, resident } = subject();
  assert.equal(look(0), 1);
  assert.equal(look(2000), 1, "the first is under way");
  resident.bytes = 50 * MIB;
  done();
  resident.bytes = 52 * MIB;
  assert.equal(look(1999), 1);
  assert.equal(look(2000), 2);
});

test("memory is trimmed once more when the process does not grow any further", () => {
  const { look, done, resident } = subject();
  look(0);
  done();
  assert.equal(look(2000), 2);
  done();
  assert.equal(look(4000), 2);
  resident.bytes += 2 * MIB;
  assert.equal(look(6000), 3);
  done();
  assert.equal(look(6001), 3, "too soon");
  assert.equal(look(8000), 4, "once more");
  done();
  assert.equal(look(8001, true), 5, "the server is idle now");
  done();
  assert.equal(look(8002, true), 5);
});

test("growth begins where the process has shrunk to", () => {
  const { look, done, resident } = subject();
  look(0);
  done();
  look(2000);
  done();
  resident.bytes = 40 * MIB;
  assert.equal(look(4000), 2);
  resident.bytes = 42 * MIB;
  assert.equal(look(6000), 3);
});

test("a process that cannot tell what it has is left alone", () => {
  const { look, done, resident } = subject();
  resident.bytes = Number.NaN;
  assert.equal(look(0), 0);
  resident.bytes = 60 * MIB;
  assert.equal(look(2000), 1);
  resident.bytes = Number.NaN;
  done();
  resident.bytes = 61 * MIB;
  assert.equal(look(4000), 2, "once more");
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
