import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createLog } from "../log.ts";
import { collectStacks, logStacks } from "./stacks-log.ts";
import { newWorkerRecord } from "./worker-record.ts";

/** Its zygote tells of the fork before it tells the stacks. */
function newWorkers(text: string): Parameters<typeof collectStacks>[0] {
  const record = newWorkerRecord(1, 1, 1);
  return {
    records: new Map([[1, record]]),
    stacks: (_, onText) => {
      record.pid = 77;
      onText(text);
    },
  };
}

describe("the stacks of a worker that has just been forked", () => {
  it("come with its process id", async () => {
    assert.deepEqual(await collectStacks(newWorkers("File\n")), [
      { worker: 1, pid: 77, stacks: "File" },
    ]);
    let written = "";
    const log = createLog({
      write: (text) => {
        written += text;
      },
    });
    logStacks(newWorkers("File\n"), log);
    assert.equal(written, "rickhouse: stacks of worker 1 (pid 77):\n    File\n");
  });

  it("may not be had, which the log says", () => {
    let written = "";
    const log = createLog({
      write: (text) => {
        written += text;
      },
    });
    logStacks(newWorkers(""), log);
    assert.match(written, /\(pid 77\):\n +no stacks could be had\n$/);
  });
});
