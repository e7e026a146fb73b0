import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { after, describe, it } from "node:test";
import { cpuUsOfTree, endTree, killTree } from "./process-tree.ts";

/** Some tenths of a second: enough to be seen in ticks. */
const BUSY = "i=0; while [ $i -lt 150000 ]; do i=$((i+1)); done";

/** A shell whose child prints its pid once it has run `script`, which must not end by itself before a minute. */
async function parentOf(script: string): Promise<{ parent: ChildProcess; childPid: number }> {
  const inner = `${script}; echo $$; exec sleep 60`;
  const parent = spawn("/bin/sh", ["-c", 'sh -c "$1" & wait', "sh", inner], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  after(() => parent.kill("SIGKILL"));
  const [text] = await once(parent.stdout, "data");
  return { parent, childPid: Number(String(text)) };
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe("a process tree", { skip: process.platform !== "linux" }, () => {
  it("counts the CPU time of children", async () => {
    const { parent } = await parentOf(BUSY);
    assert.ok(cpuUsOfTree(parent.pid ?? 0) >= 20_000);
    killTree(parent.pid ?? 0);
    await once(parent, "exit");
    assert.equal(cpuUsOfTree(parent.pid ?? 0), 0);
  });

  it("ends, with what does not listen to SIGTERM or lost its parent by it", async () => {
    const { parent, childPid } = await parentOf(`trap '' TERM; ${BUSY}`);
    assert.ok(cpuUsOfTree(childPid) > 0);
    const ended = once(parent, "exit");
    await endTree(parent.pid ?? 0, 200);
    await ended;
    const deadline = performance.now() + 5000;
    // Gone, or a zombie until its new parent reaps it.
    while (exists(childPid) && cpuUsOfTree(childPid) > 0 && performance.now() < deadline) {
      await new Promise((resolve) => {
        setTimeout(resolve, 10);
      });
    }
    assert.equal(cpuUsOfTree(childPid), 0);
  });
});
