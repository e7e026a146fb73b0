import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FreeList } from "./free-list.ts";

describe("FreeList", () => {
  it("gives last what was given first, and discards that first, so many at once", () => {
    const discarded: number[] = [];
    const discard = (item: number): void => {
      discarded.push(item);
    };
    const list = new FreeList({ alwaysFree: 1, mostAtOnce: 2, discard });
    for (const item of [1, 2, 3, 4, 5, 6, 7]) list.give(item);
    list.trim(); // Until now everything was used.
    assert.deepEqual(discarded, []);
    list.trim();
    assert.deepEqual(discarded, [1, 2]);
    assert.equal(list.take(), 7);
    list.give(7);
    while (list.trim());
    assert.deepEqual(discarded, [1, 2, 3, 4, 5, 6]);
    assert.equal(list.length, 1);
    list.clear();
    assert.equal(list.take(), undefined);
    assert.equal(discarded.length, 6);
  });
});
