import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Figures } from "../../core/metrics/figures.ts";
import { History } from "../../core/metrics/history.ts";
import { ReloadWatch } from "./reload-watch.ts";

describe("ReloadWatch", () => {
  const keep = { figures: new Figures(), history: new History() };
  const watch = new ReloadWatch(keep);

  it("tells that the new generation serves, once it does", async () => {
    const outcome = watch.begun({ serving: 1, candidate: 2, lastFailure: "" });
    watch.settled({ serving: 1, candidate: 2, lastFailure: "" });
    assert.equal(keep.figures.reloads.serves, 0);
    watch.settled({ serving: 2, candidate: undefined, lastFailure: "" });
    assert.deepEqual(await outcome, { generation: 2, error: undefined });
    assert.equal(keep.figures.reloads.serves, 1);
  });

  it("tells why it does not, and that a newer one took its place", async () => {
    const first = watch.begun({ serving: 2, candidate: 3, lastFailure: "" });
    const second = watch.begun({ serving: 2, candidate: 4, lastFailure: "" });
    watch.settled({ serving: 2, candidate: 4, lastFailure: "" });
    assert.equal((await first).error, "a newer reload took its place");
    watch.settled({ serving: 2, candidate: undefined, lastFailure: "no module" });
    assert.equal((await second).error, "no module");
    assert.deepEqual(keep.figures.reloads, { serves: 1, failed: 1, superseded: 1 });
    const [newest, older] = keep.history.reloads;
    assert.deepEqual([newest?.outcome, older?.outcome], ["failed", "superseded"]);
    assert.deepEqual([newest?.error, older?.error], ["no module", "a newer reload took its place"]);
  });

  it("keeps what was refused as failed", () => {
    watch.refused("a wrong value");
    assert.equal(keep.figures.reloads.failed, 2);
    const { at, ...kept } = keep.history.reloads[0] ?? assert.fail();
    assert.ok(at > 0);
    const refused = { generation: null, outcome: "failed", tookMs: 0, error: "a wrong value" };
    assert.deepEqual(kept, refused);
  });

  it("begins none while the server ends", async () => {
    const outcome = await watch.begun({ serving: 2, candidate: undefined, lastFailure: "" });
    assert.equal(outcome.error, "the server is about to end");
  });
});
