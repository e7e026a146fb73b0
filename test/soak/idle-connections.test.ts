import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { idleConnectionKiB } from "../support/idle-run.ts";

describe("9,400 idle keep-alive connections (of 10,000)", () => {
  it("cost the front less than 10 KiB each", async () => {
    // From 95 % of --max-connections on, idle ones are closed.
    const kib = await idleConnectionKiB(500, 8900);
    assert.ok(kib < 10, `${kib.toFixed(1)} KiB`);
  });
});
