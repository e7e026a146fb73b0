import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import type { Channel } from "../../core/dispatch/channel.ts";
import type { Exchange } from "../../core/http/exchange.ts";
import { WithdrawalWatch } from "./withdrawal-watch.ts";

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** A withdrawal that was asked for, and is not answered. */
function asked({ mock }: TestContext): {
  channel: { generation: number; isWithdrawing: boolean; withdrawAskedAt: number };
  hanging: number[];
  steps: (count: number) => Promise<void>;
} {
  mock.timers.enable({ apis: ["setTimeout"] });
  const channel = { generation: 7, isWithdrawing: true, withdrawAskedAt: 1 };
  const hanging: number[] = [];
  const watch = new WithdrawalWatch(
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- all that is asked of one
    () => [channel as unknown as Channel<Exchange>],
    (generation) => hanging.push(generation),
  );
  watch.asked();
  const steps = async (count: number): Promise<void> => {
    for (let step = 0; step < count; step++) {
      mock.timers.tick(1000);
      await turn();
    }
  };
  return { channel, hanging, steps };
}

describe("WithdrawalWatch", () => {
  it("tells of a zygote that owes an answer for too long", async (context) => {
    const { hanging, steps } = asked(context);
    await steps(5);
    assert.deepEqual(hanging, []);
    await steps(1);
    assert.deepEqual(hanging, [7]);
    await steps(4);
    assert.deepEqual(hanging, [7], "not each second");
    await steps(1);
    assert.deepEqual(hanging, [7, 7]);
  });

  it("reads what has come first: the front may have stood still, and the timer be over for that", async (context) => {
    const { channel, hanging, steps } = asked(context);
    await steps(5);
    context.mock.timers.tick(1000);
    channel.isWithdrawing = false;
    await turn();
    assert.deepEqual(hanging, []);
  });

  it("counts a standstill as one second, however long it was", async (context) => {
    const { hanging, steps } = asked(context);
    context.mock.timers.tick(3_600_000);
    await turn();
    await steps(4);
    assert.deepEqual(hanging, []);
    await steps(1);
    assert.deepEqual(hanging, [7]);
  });

  it("begins anew with each withdrawal", async (context) => {
    const { channel, hanging, steps } = asked(context);
    await steps(5);
    channel.withdrawAskedAt = 5000;
    await steps(5);
    assert.deepEqual(hanging, []);
    await steps(1);
    assert.deepEqual(hanging, [7]);
  });
});
