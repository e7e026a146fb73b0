import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { MANIFEST, PAGE, pythonFile } from "./package-files.ts";

describe("files of the package", () => {
  it("are there", () => {
    const files = [MANIFEST, join(PAGE, "index.html"), pythonFile("__main__.py")];
    assert.deepEqual(
      files.filter((file) => !existsSync(file)),
      [],
    );
  });

  it("are looked for in one place: in a package no other module knows where it lies", () => {
    const modules = globSync("**/*.ts", { cwd: import.meta.dirname });
    const using = modules.filter(
      (name) =>
        !name.endsWith(".test.ts") &&
        /import\.meta\.(?:url|dirname|filename)/.test(
          readFileSync(join(import.meta.dirname, name), "utf8"),
        ),
    );
    assert.deepEqual(using, ["package-files.ts"]);
  });
});
