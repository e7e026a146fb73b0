// What must hold after every single event.

import assert from "node:assert/strict";
import type { Dispatcher } from "../../../src/core/dispatch/dispatcher.ts";
import type { Registry } from "../../../src/core/workers/registry.ts";
import type { SimulatedRequest } from "./worker-model.ts";

export function checkMoment(
  dispatcher: Dispatcher<SimulatedRequest>,
  registry: Registry,
  facts: { now: number; maxWorkers: number; requestTimeoutMs: number },
): void {
  const isTickDue = dispatcher.nextTickAt <= facts.now;
  let inHand = 0;
  for (const channel of dispatcher.channels) {
    inHand += channel.inHand;
    if (dispatcher.waiting === 0 || !channel.canTake || channel.inHand > 0) continue;
    if (!isTickDue) assert.fail("a request waits while a channel is idle");
  }
  assert.equal(inHand, dispatcher.inHand);
  const isTimed = dispatcher.waiting > 0 || (inHand > 0 && facts.requestTimeoutMs > 0);
  if (
    isTimed &&
    dispatcher.channels.every(({ isPaused, stuck }) => !isPaused && stuck === undefined)
  ) {
    assert.ok(dispatcher.nextTickAt < Infinity, "nobody watches the time");
  }
  let occupied = 0;
  for (const { state, isOrphan } of registry.workers.values()) {
    if (isOrphan) continue;
    if (state === "starting" || state === "ready" || state === "retiring") occupied++;
  }
  assert.ok(occupied <= facts.maxWorkers + 1, `${occupied} workers of ${facts.maxWorkers} + 1`);
}
