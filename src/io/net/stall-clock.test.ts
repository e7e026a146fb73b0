import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { StallClock } from "./stall-clock.ts";

describe("StallClock", () => {
  it("looks often enough to be exact to a quarter of a short time-out, or a second of a long one", () => {
    assert.equal(new StallClock(1000).periodMs, 250);
    assert.equal(new StallClock(60_000).periodMs, 1000);
  });

  it("is over when nothing was taken for the whole time-out", () => {
    const clock = new StallClock(1000);
    const said = [250, 500, 750, 1000, 1250].map((now) => clock.isOver(now, 10));
    assert.deepEqual(said, [false, false, false, false, true]);
  });

  it("does not mind that timers are late", () => {
    const clock = new StallClock(1000);
    const said = [260, 530, 800, 1090, 1290].map((now) => clock.isOver(now, 10));
    assert.deepEqual(said, [false, false, false, false, true]);
  });

  it("begins anew when something was taken, however little", () => {
    const clock = new StallClock(1000);
    for (const now of [250, 500, 750, 1000]) clock.isOver(now, 10);
    assert.equal(clock.isOver(1250, 11), false);
    const said = [1500, 1750, 2000, 2250].map((now) => clock.isOver(now, 11));
    assert.deepEqual(said, [false, false, false, true]);
  });

  it("begins anew when nobody has looked for a while", () => {
    const clock = new StallClock(1000);
    for (const now of [250, 500, 750, 1000]) clock.isOver(now, 10);
    assert.equal(clock.isOver(5000, 10), false);
    const said = [5250, 5500, 5750, 6000].map((now) => clock.isOver(now, 10));
    assert.deepEqual(said, [false, false, false, true]);
  });

  it("is over soon where the time-out is shorter than timers are exact", () => {
    const clock = new StallClock(1);
    assert.deepEqual(
      [5, 12].map((now) => clock.isOver(now, 10)),
      [false, true],
    );
  });
});
