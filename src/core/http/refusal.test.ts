import assert from "node:assert/strict";
import { STATUS_CODES } from "node:http";
import { describe, it } from "node:test";
import { REFUSALS } from "./refusal.ts";

describe("REFUSALS", () => {
  for (const [code, refusal] of Object.entries(REFUSALS)) {
    it(`${code} is whole`, () => {
      assert.equal(refusal.code, code);
      assert.ok(Object.isFrozen(refusal));
      assert.ok((code === "ready" || refusal.status >= 400) && refusal.status < 600);
      assert.match(refusal.title, /^[A-Z][\x20-\x7e]*\.$/);
      assert.doesNotMatch(refusal.title, /--/, "options are the operator's business");
      if (refusal.fix !== undefined) assert.match(refusal.fix, /^[A-Z].*\.$/);
    });
  }

  it("uses the reason phrases of RFC 9110", () => {
    const renamed = new Map([
      [413, "Content Too Large"],
      [499, "Client Closed Request"],
    ]);
    for (const { status, reason } of Object.values(REFUSALS)) {
      assert.equal(reason, renamed.get(status) ?? STATUS_CODES[status]);
    }
  });

  it("names an option wherever a limit of the server is behind it", () => {
    const limits = Object.values(REFUSALS).filter(({ status }) => [408, 414, 507].includes(status));
    for (const refusal of [...limits, REFUSALS.bodyTooLarge, REFUSALS.headTooLarge]) {
      assert.match(refusal.fix ?? "", /--[a-z]/, refusal.code);
    }
  });

  it("cannot be changed", () => {
    assert.throws(() => Object.assign(REFUSALS, { badHost: REFUSALS.badTarget }), TypeError);
    assert.throws(() => Object.assign(REFUSALS.badHost, { status: 200 }), TypeError);
  });
});
