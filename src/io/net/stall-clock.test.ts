import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { StallClock } from "./stall-clock.ts";

describe("StallClock", () => {
  it("looks often enough to be exact to a quarter of a short time-out, or a second of a long one", () => {
    assert.equal(new StallClock(1000).periodMs, 250);
    assert.equal(new StallClock(60_000).periodMs, 1000);
  });

  it("adds up silent periods", () => {
    const clock = new StallClock(1000);
    const said = [250, 500, 750, 1000].map((now) => clock.silent(now));
    assert.deepEqual(said, [false, false, false, true]);
  });

  it("does not mind that timers are late", () => {
    const clock = new StallClock(1000);
    const said = [260, 530, 800, 1090].map((now) => clock.silent(now));
    assert.deepEqual(said, [false, false, false, true]);
  });

  it("begins anew when something moved", () => {
    const clock = new StallClock(1000);
    for (const now of [250, 500, 750]) clock.silent(now);
    assert.equal(clock.silent(1250), false);
    assert.equal(clock.silent(1750), false, "moved again");
    assert.deepEqual(
      [2000, 2250, 2500].map((now) => clock.silent(now)),
      [false, false, true],
    );
  });

  it("is over at once when one period is all there is", () => {
    assert.equal(new StallClock(1).silent(5), true);
  });
});
