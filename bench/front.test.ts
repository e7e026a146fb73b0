import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, it } from "node:test";

describe("bench/front.ts", () => {
  it("measures both kinds of requests", () => {
    const args = [join(import.meta.dirname, "front.ts"), "1", "1"];
    const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
    assert.match(stdout, /^wrk's request: \d+ ns\na browser's request: \d+ ns\n$/, stderr);
  });
});
