import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { besideOthers } from "./kept.ts";
import type { Figures } from "./table.ts";

/** One measurement with each of these requests/s, and what happened, in order. */
async function run(...rates: readonly number[]): Promise<{ figures: Figures; events: string[] }> {
  const events: string[] = [];
  const left = [...rates];
  const figures = await besideOthers(
    async () => {
      await Promise.resolve();
      const requestsPerSecond = left.shift() ?? Number.NaN;
      events.push(`load ${requestsPerSecond}`);
      return { requestsPerSecond, p99Ms: requestsPerSecond / 10 };
    },
    async () => {
      await Promise.resolve();
      events.push("hold");
      return async () => {
        await Promise.resolve();
        events.push("let go");
      };
    },
    async () => {
      await Promise.resolve();
      events.push("calm down");
    },
  );
  return { figures, events };
}

describe("a load beside others", () => {
  it("is held against the mean of itself before they come and after they are gone", async () => {
    const { figures, events } = await run(100, 90, 140);
    assert.deepEqual(figures, { requestsPerSecond: 90, p99Ms: 9, keptPercent: 75 });
    assert.deepEqual(events, ["load 100", "hold", "load 90", "let go", "calm down", "load 140"]);
  });

  it("keeps nothing of what it was when it gets no answers, without waiting for what comes after", async () => {
    const { figures, events } = await run(100, 0);
    assert.deepEqual(figures, { requestsPerSecond: 0, p99Ms: 0, keptPercent: 0 });
    assert.deepEqual(events, ["load 100", "hold", "load 0", "let go"]);
  });

  it("says nothing of what is kept when there was nothing", async () => {
    const silent = await Promise.all([run(0, 0), run(0, 5), run(10, 5, 0)]);
    for (const { figures } of silent) assert.equal("keptPercent" in figures, false);
  });

  it("lets them go when the load fails", async () => {
    let isHeld = true;
    let measured = 0;
    const failing = besideOthers(
      () => (measured++ === 0 ? Promise.resolve({}) : Promise.reject(new Error("no wrk"))),
      () =>
        Promise.resolve(async () => {
          await Promise.resolve();
          isHeld = false;
        }),
      () => Promise.resolve(),
    );
    await assert.rejects(failing, /no wrk/);
    assert.equal(isHeld, false);
  });
});
