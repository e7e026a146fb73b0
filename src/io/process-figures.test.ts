import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { cpuSecondsOf, readProcesses } from "./process-figures.ts";

describe("readProcesses", () => {
  it(
    "reads this process, and leaves out one that is not there",
    {
      skip: process.platform !== "linux",
    },
    async () => {
      const found = await readProcesses([process.pid, 2 ** 30], { withShares: true });
      assert.deepEqual([...found.keys()], [process.pid]);
      const own = found.get(process.pid);
      assert.ok(own !== undefined && own.rssBytes > 2 ** 20 && own.cpuSeconds > 0);
      assert.ok(own.pssBytes === undefined || own.pssBytes <= own.rssBytes + 2 ** 22);
    },
  );

  it("is not deceived by a name with parentheses", () => {
    const stat = "7 (a) b (c) S 1 7 7 0 -1 4194304 1 0 0 0 150 50 0 0 20 0 1 0 1 1 1";
    assert.equal(cpuSecondsOf(stat), 2);
  });
});
