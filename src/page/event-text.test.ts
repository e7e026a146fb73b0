import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { EventText } from "./event-text.ts";

describe("EventText", () => {
  it("gives each event when it is complete, wherever the text was cut", () => {
    const text = 'data: {"a":1}\n\n: a comment\n\ndata: 2\ndata: 3\n\n';
    for (let cut = 0; cut <= text.length; cut++) {
      const events = new EventText();
      const found = [...events.push(text.slice(0, cut)), ...events.push(text.slice(cut))];
      assert.deepEqual(found, ['{"a":1}', "2\n3"], `cut at ${cut}`);
    }
  });

  it("keeps what is not complete", () => {
    const events = new EventText();
    assert.deepEqual(events.push("data: 1\n"), []);
    assert.deepEqual(events.push("\n"), ["1"]);
  });
});
