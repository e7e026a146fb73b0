import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { processorTimesOf, type ProcessorTimes } from "./processor-times.ts";

const HAS_PROC = process.platform === "linux";

/** Runs the shell command while `look` does. */
async function beside(command: string, look: (pid: number) => Promise<void>): Promise<void> {
  const child: ChildProcess = spawn("/bin/sh", ["-c", command], { stdio: "ignore" });
  try {
    assert.ok(child.pid !== undefined);
    await look(child.pid);
  } finally {
    child.kill("SIGKILL");
  }
}

/** Waits until the kernel tells what is expected. */
async function told(pid: number, isExpected: (times: ProcessorTimes) => boolean): Promise<void> {
  const deadline = performance.now() + 15_000;
  for (;;) {
    const times = processorTimesOf(pid, false);
    if (times !== undefined && isExpected(times)) return;
    assert.ok(performance.now() < deadline, `waited in vain: ${JSON.stringify(times)}`);
    await sleep(5);
  }
}

describe("what the kernel tells of a process", { skip: !HAS_PROC }, () => {
  it("is that one which computes is never asleep, with or without a processor", async () => {
    await beside("while :; do :; done", async (pid) => {
      await told(pid, ({ computedMs, isAsleep }) => computedMs > 50 && !isAsleep);
      for (let look = 0; look < 100; look++) {
        assert.equal(processorTimesOf(pid, false)?.isAsleep, false);
        assert.equal(processorTimesOf(pid, true)?.isAsleep, false);
      }
    });
  });

  it("is that one which waits is asleep", async () => {
    await beside("exec sleep 100", async (pid) => {
      await told(pid, ({ isAsleep }) => isAsleep);
      assert.equal(processorTimesOf(pid, true)?.isAsleep, true);
    });
  });

  it("is not that one which was stopped is asleep", async () => {
    await beside("exec sleep 100", async (pid) => {
      await told(pid, ({ isAsleep }) => isAsleep);
      process.kill(pid, "SIGSTOP");
      await told(pid, ({ isAsleep }) => !isAsleep);
    });
  });

  it("sums the times of all threads, none of which may be awake", () => {
    // This process runs, in its first thread.
    const [first, all] = [
      processorTimesOf(process.pid, false),
      processorTimesOf(process.pid, true),
    ];
    assert.ok(first !== undefined && all !== undefined);
    assert.ok(all.computedMs >= first.computedMs);
    assert.deepEqual([first.isAsleep, all.isAsleep], [false, false]);
  });

  it("is nothing of a process that is gone", () => {
    assert.equal(processorTimesOf(2 ** 30, false), undefined);
    assert.equal(processorTimesOf(2 ** 30, true), undefined);
  });
});
