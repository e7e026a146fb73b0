import assert from "node:assert/strict";
import { describe, it, mock } from "node:test";
import { StacksRequests } from "./stacks-requests.ts";

describe("stacks that several want to know", () => {
  it("are asked for once, and told to all", () => {
    const requests = new StacksRequests();
    const ask = mock.fn();
    const told: string[] = [];
    requests.add(7, ask, (text) => told.push(`first ${text}`));
    requests.add(7, ask, (text) => told.push(`second ${text}`));
    assert.equal(ask.mock.callCount(), 1);
    requests.settle(7, "stacks");
    requests.settle(7, "late");
    assert.deepEqual(told, ["first stacks", "second stacks"]);
    requests.add(7, ask, () => {});
    assert.equal(ask.mock.callCount(), 2);
    requests.settle(7, "");
  });

  it("are empty when no answer comes in time", (context) => {
    context.mock.timers.enable({ apis: ["setTimeout"] });
    const requests = new StacksRequests();
    const told: string[] = [];
    requests.add(
      7,
      () => {},
      (text) => told.push(text),
    );
    context.mock.timers.tick(1499);
    assert.deepEqual(told, []);
    context.mock.timers.tick(1);
    assert.deepEqual(told, [""]);
  });
});
