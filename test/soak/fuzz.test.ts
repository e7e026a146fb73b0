// test/fuzz for long. FUZZ_SECONDS says how long, for all targets together; half an hour if it does not.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, it } from "node:test";

const SECONDS = process.env["FUZZ_SECONDS"] ?? "1800";
const FUZZ = join(import.meta.dirname, "../fuzz/run.ts");

describe(`${SECONDS} seconds of inputs that are nearly right`, () => {
  it("break no reader", (t) => {
    const { status, stdout } = spawnSync(process.execPath, [FUZZ, SECONDS], { encoding: "utf8" });
    t.diagnostic(stdout);
    assert.equal(status, 0, stdout);
  });
});
