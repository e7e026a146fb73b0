import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { adminAddress, healthPath, isLocalAddress, secretSource } from "./admin-address.ts";
import { BadValue, type Kind } from "./kinds.ts";

const SECRET = "0123456789abcdef";

function problem<T>(kind: Kind<T>, text: string): string {
  try {
    kind.parse(text);
  } catch (error) {
    if (error instanceof BadValue) return `${error.message}; ${error.hint}`;
    throw error;
  }
  return "";
}

describe("adminAddress", () => {
  it("takes what --bind takes, and off", () => {
    assert.deepEqual(adminAddress.parse("off"), { kind: "off" });
    assert.deepEqual(adminAddress.parse("[::1]:8889"), { kind: "tcp", host: "::1", port: 8889 });
    assert.equal(adminAddress.describe(adminAddress.parse("unix:/run/a.sock")), "unix:/run/a.sock");
    assert.equal(problem(adminAddress, "8889"), "no port; did you mean 127.0.0.1:8889?");
  });

  it("suggests a port that the main address does not have", () => {
    assert.equal(problem(adminAddress, "127.0.0.1"), "no port; did you mean 127.0.0.1:8889?");
    assert.equal(problem(adminAddress, "::1"), "no port; did you mean [::1]:8889?");
  });

  for (const [text, isLocal] of [
    ["off", true],
    ["unix:/run/a.sock", true],
    ["127.0.0.1:1", true],
    ["127.3.2.1:1", true],
    ["localhost:1", true],
    ["[::1]:1", true],
    [":1", false],
    ["0.0.0.0:1", false],
    ["[::]:1", false],
    ["admin.example:1", false],
  ] as const) {
    it(`${text} is ${isLocal ? "" : "not "}local`, () =>
      assert.equal(isLocalAddress(adminAddress.parse(text)), isLocal));
  }
});

describe("secretSource", () => {
  it("reads a text, a file and none", () => {
    assert.deepEqual(secretSource.parse(SECRET), { kind: "text", text: SECRET });
    assert.deepEqual(secretSource.parse("file:/run/t"), { kind: "file", path: "/run/t" });
    assert.deepEqual(secretSource.parse("none"), { kind: "none" });
  });

  it("never shows a text", () => {
    assert.equal(secretSource.describe({ kind: "text", text: SECRET }), "(hidden)");
  });

  it("refuses what is short or cannot be sent", () => {
    assert.match(problem(secretSource, "secret"), /^shorter than 16 characters; make one with/);
    assert.match(problem(secretSource, `${SECRET} x`), /^not of visible ASCII characters/);
    assert.match(problem(secretSource, "file:"), /^no path behind file:/);
  });
});

describe("healthPath", () => {
  it("is a path or off", () => {
    assert.equal(healthPath.parse("/healthz"), "/healthz");
    assert.equal(healthPath.parse("off"), "");
    for (const text of ["healthz", "/a?b", "/a b", "/a\r\nb", ""]) {
      assert.equal(problem(healthPath, text), "not a path without a query; write it like /healthz");
    }
  });
});
