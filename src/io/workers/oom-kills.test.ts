import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { OomKills } from "./oom-kills.ts";

describe("a kill for want of memory", () => {
  it("explains one death of those that lived then, and no later one", () => {
    let count = 3;
    const kills = new OomKills(() => count);
    assert.equal(kills.take(3), false, "none since the fork");
    count = 4;
    assert.equal(kills.take(3), true);
    assert.equal(kills.take(3), false, "somebody else has sent this SIGKILL");
    assert.equal(kills.take(4), false, "forked afterwards");
  });

  it("explains as many deaths as there were, whoever is reaped first", () => {
    const kills = new OomKills(() => 5);
    assert.deepEqual(
      [3, 3, 3].map((before) => kills.take(before)),
      [true, true, false],
    );
  });

  it("of another process, before a worker was forked, is none of that worker", () => {
    let count = 7;
    const kills = new OomKills(() => count);
    assert.equal(kills.take(7), false);
    count = 8;
    assert.equal(kills.take(7), true);
    assert.equal(kills.take(0), false, "also not of an older one, for which nobody knows");
  });
});
