import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { snapshot, workerWith } from "../../test/support/sample-snapshot.ts";
import { SlowRequests } from "./slow-requests.ts";

function seen(slow: SlowRequests, at: number, runningSeconds: number | null, path?: string) {
  const workers = [workerWith(runningSeconds, path)];
  return slow
    .update(snapshot(at, { workers }))
    .map(({ key, runningSeconds: seconds, endedAt }) => [key, seconds, endedAt]);
}

describe("SlowRequests", () => {
  it("takes what has run for a second, and follows it to its end", () => {
    const slow = new SlowRequests();
    assert.deepEqual(seen(slow, 10_000, 0.9), []);
    assert.deepEqual(seen(slow, 11_000, 1.9), [[1, 1.9, undefined]]);
    assert.deepEqual(seen(slow, 12_003, 2.9), [[1, 2.9, undefined]]);
    assert.deepEqual(seen(slow, 13_000, null), [[1, 2.9, 13_000]]);
    assert.deepEqual(seen(slow, 14_000, null), [[1, 2.9, 13_000]]);
  });

  it("tells the next one of the same name from the one before", () => {
    const slow = new SlowRequests();
    seen(slow, 10_000, 5);
    assert.deepEqual(seen(slow, 12_000, 1.2), [
      [2, 1.2, undefined],
      [1, 5, 12_000],
    ]);
  });

  it("tells another path apart that began at the same time", () => {
    const slow = new SlowRequests();
    seen(slow, 10_000, 5);
    assert.equal(seen(slow, 11_000, 6, "/other").length, 2);
  });

  it("does not say when one ended while nobody looked", () => {
    const slow = new SlowRequests();
    seen(slow, 10_000, 5);
    assert.deepEqual(seen(slow, 3_610_000, null), []);
  });

  it("knows one again that runs on after a while in which nobody looked", () => {
    const slow = new SlowRequests();
    seen(slow, 10_000, 5);
    assert.deepEqual(seen(slow, 70_000, 65), [[1, 65, undefined]]);
  });

  it("does not say that one ended when the server did", () => {
    const slow = new SlowRequests();
    seen(slow, 10_000, 5);
    assert.deepEqual(slow.update(snapshot(12_000, { startedAt: "later" })), []);
  });

  it("forgets what ended five minutes ago", () => {
    const slow = new SlowRequests();
    seen(slow, 10_000, 5);
    seen(slow, 11_000, null);
    assert.equal(seen(slow, 310_000, null).length, 1);
    assert.equal(seen(slow, 311_000, null).length, 0);
  });
});
