import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { idleConnectionKiB } from "../support/idle-run.ts";

// 10,000, and the promise: test/soak/idle-connections.test.ts. V8's heap is larger by 8 to 18 MiB when the first thousand has come, depending
// on when it collected: by the two-thousandth that is over, and further ones take 6 to 7 KiB each.
describe("4,000 idle keep-alive connections beside 2,000", () => {
  it("cost the front less than 9 KiB each", async () => {
    const kib = await idleConnectionKiB(2000, 4000);
    assert.ok(kib < 9, `${kib.toFixed(1)} KiB`);
  });
});
