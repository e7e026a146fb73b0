import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { idleConnectionKiB } from "../support/idle-run.ts";

// 10,000, and the real bound: test/soak/idle-connections.test.ts.
describe("2,000 idle keep-alive connections", () => {
  it("cost the front less than 14 KiB each, with what it allocates once", async () => {
    const kib = await idleConnectionKiB(2000);
    assert.ok(kib < 14, `${kib.toFixed(1)} KiB`);
  });
});
