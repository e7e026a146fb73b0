// What package-lock.json says of the packages that the server needs at run time: npm warns of an engine that one of them does not name, and with
// `engine-strict` refuses to install.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";

/** The oldest Node that npm 11 runs on and we say is enough to install by (README.md); the server's own, 22.18, is newer. */
const OLDEST = [20, 19];

describe("dependencies at run time", () => {
  for (const [path, engine] of enginesOf("package-lock.json")) {
    it(`${path} installs with Node ${OLDEST.join(".")}`, () => {
      const [, major, minor = "0"] = /^>= ?(\d+)(?:\.(\d+))?(?:\.\d+)?$/.exec(engine) ?? [];
      assert.ok(major !== undefined, `engines.node is ${engine}: teach this test to read it`);
      const [oldestMajor = 0, oldestMinor = 0] = OLDEST;
      const isMet =
        Number(major) < oldestMajor ||
        (Number(major) === oldestMajor && Number(minor) <= oldestMinor);
      assert.ok(isMet, `it wants Node ${engine}`);
    });
  }
});

/** `engines.node` of each package that is no development or optional dependency, by its place in node_modules. */
function enginesOf(file: string): readonly (readonly [string, string])[] {
  const lock: unknown = JSON.parse(readFileSync(join(import.meta.dirname, "..", file), "utf8"));
  assert.ok(typeof lock === "object" && lock !== null && "packages" in lock);
  assert.ok(typeof lock.packages === "object" && lock.packages !== null);
  const found = Object.entries(lock.packages).flatMap(([path, entry]: [string, unknown]) => {
    assert.ok(typeof entry === "object" && entry !== null);
    if (path === "" || "dev" in entry || "optional" in entry) return [];
    const engines: unknown = "engines" in entry ? entry.engines : undefined;
    if (typeof engines !== "object" || engines === null || !("node" in engines)) return [];
    return [[path, String(engines.node)] as const];
  });
  assert.ok(found.length > 0);
  return found;
}
