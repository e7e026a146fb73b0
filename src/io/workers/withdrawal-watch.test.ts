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

/** A withdrawal of long ago, of which the timer is over. */
function overdue(
  { mock }: TestContext,
  standstillMs = 0,
): {
  channel: { generation: number; isWithdrawing: boolean; withdrawAskedAt: number };
  hanging: number[];
} {
  mock.timers.enable({ apis: ["setTimeout"] });
  const channel = { generation: 7, isWithdrawing: true, withdrawAskedAt: -Infinity };
  const hanging: number[] = [];
  const watch = new WithdrawalWatch(
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- all that is asked of one
    () => [channel as unknown as Channel<Exchange>],
    (generation) => hanging.push(generation),
  );
  watch.asked();
  const later = performance.now() + standstillMs;
  if (standstillMs > 0) mock.method(performance, "now", () => later);
  mock.timers.tick(5000);
  return { channel, hanging };
}

describe("WithdrawalWatch", () => {
  it("tells of a zygote that owes an answer for too long", async (context) => {
    const { hanging } = overdue(context);
    await turn();
    assert.deepEqual(hanging, [7]);
  });

  it("reads what has come first: the front may have stood still, and the timer be over for that", async (context) => {
    const { channel, hanging } = overdue(context);
    channel.isWithdrawing = false;
    await turn();
    assert.deepEqual(hanging, []);
  });

  it("gives a zygote that stood still with the front as long again", async (context) => {
    const { hanging } = overdue(context, 7000);
    await turn();
    assert.deepEqual(hanging, []);
    context.mock.timers.tick(5000);
    await turn();
    assert.deepEqual(hanging, [7]);
  });
});
