import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { HelloTokens } from "./hello-tokens.ts";
import { PROTOCOL_VERSION } from "../../core/wire/frame.ts";
import type { Hello } from "./worker-channel.ts";
import { newWorkerRecord } from "./worker-record.ts";

const helloOf = (token = "", thread = 0): Hello => ({
  token: Buffer.from(token, "hex"),
  version: PROTOCOL_VERSION,
  thread,
  pid: 1,
});

describe("the token of a HELLO", () => {
  it("is good once, for its thread, in our version", () => {
    const tokens = new HelloTokens();
    const record = newWorkerRecord(1, 1, 2);
    const [first, second] = record.tokens;
    assert.equal(tokens.take([record], helloOf(first, 1)), "unknown");
    assert.equal(tokens.take([record], { ...helloOf(first), version: 0 }), "unknown");
    assert.equal(tokens.take([record], helloOf(first)), record);
    assert.equal(tokens.take([record], helloOf(first)), "unknown");
    assert.equal(tokens.take([record], helloOf(second, 1)), record);
  });

  it("of a worker that is gone is late, once, unless it was used", () => {
    const tokens = new HelloTokens();
    const record = newWorkerRecord(1, 1, 2);
    const [first, second] = record.tokens;
    tokens.take([record], helloOf(first));
    tokens.forget(record);
    assert.equal(tokens.take([], helloOf(first)), "unknown");
    assert.equal(tokens.take([], helloOf(second, 1)), "late");
    assert.equal(tokens.take([], helloOf(second, 1)), "unknown");
  });

  it("is forgotten, the oldest first", () => {
    const tokens = new HelloTokens();
    const records = Array.from({ length: 1025 }, (_, index) => newWorkerRecord(index, 1, 1));
    const all = records.map((record) => record.tokens[0]);
    for (const record of records) tokens.forget(record);
    assert.equal(tokens.take([], helloOf(all[0])), "unknown");
    assert.equal(tokens.take([], helloOf(all[1])), "late");
    assert.equal(tokens.take([], helloOf(all.at(-1))), "late");
  });
});
