import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { History, HISTORY_LENGTH } from "./history.ts";

describe("History", () => {
  it("keeps the newest, newest first", () => {
    const history = new History();
    for (let generation = 1; generation <= HISTORY_LENGTH + 5; generation++) {
      history.reloaded({ at: 0, generation, outcome: "serves", tookMs: 1, error: null });
    }
    assert.equal(history.reloads.length, HISTORY_LENGTH);
    assert.equal(history.reloads[0]?.generation, HISTORY_LENGTH + 5);
  });
});
