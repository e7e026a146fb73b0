import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Changes } from "./changes.ts";

describe("Changes", () => {
  it("are due for nothing while nothing has changed", () => {
    const changes = new Changes();
    assert.equal(changes.dueAt, Infinity);
    assert.deepEqual(changes.take(1e9), []);
  });

  it("are taken once, together, when nothing more comes for a moment", () => {
    const changes = new Changes();
    changes.changed("/a.py", false, 1000);
    const first = changes.dueAt;
    assert.ok(first > 1000);
    changes.changed("/b.py", false, 1010);
    changes.changed("/a.py", false, 1011);
    assert.equal(changes.dueAt, first + 11);
    assert.deepEqual(changes.take(first + 10), []);
    assert.deepEqual(changes.take(first + 11), ["/a.py", "/b.py"]);
    assert.equal(changes.dueAt, Infinity);
  });

  it("wait longer for a file that is gone, until it is back", () => {
    const changes = new Changes();
    changes.changed("/a.py", false, 0);
    const usual = changes.dueAt;
    changes.changed("/b.py", true, 0);
    assert.ok(changes.dueAt >= 5 * usual);
    changes.changed("/b.py", false, 20);
    assert.equal(changes.dueAt, 20 + usual);
  });

  it("are due at last while they go on and on", () => {
    const changes = new Changes();
    let now = 0;
    while (changes.dueAt > now && now < 60_000) changes.changed("/a.py", true, (now += 10));
    assert.ok(now < 5000);
    assert.deepEqual(changes.take(now), ["/a.py"]);
  });

  it("begin anew after they were taken", () => {
    const changes = new Changes();
    changes.changed("/a.py", true, 0);
    changes.take(10_000);
    changes.changed("/b.py", false, 20_000);
    assert.ok(changes.dueAt > 20_000 && changes.dueAt < 21_000);
    assert.deepEqual(changes.take(21_000), ["/b.py"]);
  });
});
