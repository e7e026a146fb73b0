import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { refusal } from "../../test/support/kind-refusal.ts";
import { environmentVariables, optionalPath, umask } from "./process-kinds.ts";

describe("environmentVariables", () => {
  it("reads name and value, which may hold anything", () => {
    assert.deepEqual(environmentVariables.parse("A_1=b=c, d"), [{ name: "A_1", value: "b=c, d" }]);
    assert.deepEqual(environmentVariables.parse("_="), [{ name: "_", value: "" }]);
  });

  it("shows names in lines for people, and all of it where it is asked for", () => {
    const value = environmentVariables.parse("A=1");
    assert.equal(environmentVariables.describe([...value, ...value]), "A=(hidden), A=(hidden)");
    assert.deepEqual(environmentVariables.combine?.([value, value]), [...value, ...value]);
    assert.deepEqual(environmentVariables.describeEach?.(value), ["A=1"]);
  });

  for (const text of ["", "A", "=x", "1A=x", "A B=x", "Ä=x"]) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      assert.match(refusal(environmentVariables, text), /^not a variable; write it like /);
    });
  }

  it("keeps what passes between the server's own parts", () => {
    assert.match(refusal(environmentVariables, "RICKHOUSE_INTERNAL_LOAD=x"), /^a name of/);
  });
});

describe("umask", () => {
  it("reads octal", () => {
    for (const [text, mode] of [
      ["022", 0o022],
      ["27", 0o027],
      ["0o077", 0o077],
      ["0", 0],
    ] as const) {
      assert.equal(umask.parse(text), mode);
    }
    assert.equal(umask.parse("inherit"), null);
    assert.equal(umask.describe(0o022), "022");
    assert.equal(umask.describe(null), "inherit");
  });

  it("refuses what is no mode, and what would keep the server from its own files", () => {
    for (const text of ["", "8", "u=rw", "-1", "00000"]) {
      assert.equal(refusal(umask, text), "not octal; write it like 027, or inherit");
    }
    assert.match(refusal(umask, "0100"), /^it takes rights from the server itself; /);
  });
});

describe("optionalPath", () => {
  it("reads a path or off", () => {
    assert.equal(optionalPath.parse("/run/a.pid"), "/run/a.pid");
    assert.equal(optionalPath.parse("off"), null);
    assert.equal(optionalPath.describe(null), "off");
    assert.equal(refusal(optionalPath, ""), "empty; write a path, or off");
  });
});
