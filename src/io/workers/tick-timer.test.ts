import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { TickTimer } from "./tick-timer.ts";

const delay = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe("TickTimer", () => {
  it("judges deadlines behind what has come, which may have moved them", async () => {
    let next = performance.now() + 5;
    const seen: string[] = [];
    const over = Promise.withResolvers<void>();
    const timer = new TickTimer(
      () => next,
      (now) => {
        seen.push(now >= next ? "due" : "not due");
        next = Infinity;
        over.resolve();
      },
      (run) => {
        seen.push("read");
        next = Infinity;
        timer.schedule(); // Nothing is set meanwhile.
        setImmediate(run);
      },
    );
    timer.schedule();
    await over.promise;
    await delay(20);
    assert.deepEqual(seen, ["read", "not due"]);
    assert.equal(timer.at, Infinity);
  });

  it("is set anew for what is earlier, and for what comes next", async () => {
    const start = performance.now();
    let next = start + 60_000;
    const times: number[] = [];
    const over = Promise.withResolvers<void>();
    const timer = new TickTimer(
      () => next,
      (now) => {
        times.push(now);
        next = times.length === 1 ? now + 10 : Infinity;
        if (times.length === 2) over.resolve();
      },
    );
    timer.schedule();
    assert.ok(timer.at <= start + 60_000);
    next = start + 10;
    timer.schedule();
    await over.promise;
    assert.equal(times.length, 2);
  });

  it("tells how long it did not run, also when nothing was due", async () => {
    const next = performance.now() + 60_000;
    const late: number[] = [];
    const over = Promise.withResolvers<void>();
    const timer = new TickTimer(
      () => next,
      (_, lateMs) => {
        late.push(lateMs);
        if (late.length === 2) over.resolve();
      },
    );
    timer.schedule();
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000);
    await over.promise;
    timer.close();
    const [first = 0, second = 0] = late;
    assert.ok(first >= 700 && second < 500, late.join(" and "));
  });

  it("does nothing once it is closed, not even what was over", async () => {
    const timer = new TickTimer(
      () => 0,
      () => assert.fail(),
      (run) => {
        timer.close();
        run();
      },
    );
    timer.schedule();
    await delay(20);
  });
});
