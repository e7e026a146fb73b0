import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LARGE_RUNS, MOST_KIB } from "../support/large-run.ts";

// 1 GiB: test/soak/large.test.ts.
const BYTES = 200 * 2 ** 20;

describe("200 MiB in one body", () => {
  for (const { name, run } of LARGE_RUNS) {
    it(`cost no process more than 40 MiB, ${name}`, async () => {
      const { grownKiB } = await run(BYTES);
      assert.ok(grownKiB < MOST_KIB, `${grownKiB} KiB`);
    });
  }
});
