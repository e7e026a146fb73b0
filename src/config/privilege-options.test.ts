import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BadValue } from "./kinds.ts";
import { account } from "./privilege-options.ts";

describe("a user or a group", () => {
  it("is a name or a number, or none", () => {
    for (const name of ["www-data", "1000", "_http", "dönt.know"]) {
      assert.equal(account.parse(name), name);
      assert.equal(account.describe(name), name);
    }
    assert.equal(account.parse("none"), "");
    assert.equal(account.describe(""), "none");
  });

  it("is a number that the system knows", () => {
    assert.equal(account.parse("4294967294"), "4294967294");
    for (const text of ["4294967295", "99999999999999999999"])
      assert.throws(() => account.parse(text), /^BadValue: too large$/);
  });

  it("is never empty, an option or two names", () => {
    for (const text of ["", "-u", "a b", "a:b", "a\n"]) {
      assert.throws(() => account.parse(text), BadValue, JSON.stringify(text));
    }
  });
});
