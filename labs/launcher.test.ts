// bin/lab: the list, the names that others used, and what it says when something is missing.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { ask } from "./support/client.ts";
import { ROOT, runLab, startServer } from "./support/lab-process.ts";

describe("bin/lab", () => {
  it("lists every lab, and each has its section in the map", () => {
    const { stdout, status } = spawnSync(join(ROOT, "bin/lab"), { encoding: "utf8" });
    assert.equal(status, 0);
    const listed = [...stdout.matchAll(/^ {2}(\w+) /gm)].map(([, name]) => name);
    const files = readdirSync(join(ROOT, "labs")).filter((name) => /^[a-z]+\w*\.ts$/.test(name));
    const labs = files.map((name) => name.slice(0, -3)).filter((name) => !isSupport(name));
    assert.deepEqual(new Set(listed), new Set(labs));
    const map = readFileSync(join(ROOT, "labs/README.md"), "utf8");
    for (const name of labs) assert.match(map, new RegExp(`^## .*\`${name}\``, "m"));
  });

  it("has pages that name files which exist", () => {
    for (const page of ["labs/README.md", "labs/fork-in-v8.md"]) {
      const text = readFileSync(join(ROOT, page), "utf8");
      for (const [, path = ""] of text.matchAll(/`([\w-]+(?:\/[\w.-]+)+\.(?:ts|py))`/g)) {
        const places = [join(ROOT, path), join(ROOT, "labs", path)];
        assert.ok(places.some(existsSync), `${page}: ${path}`);
      }
    }
  });

  it("knows the names that others used", async () => {
    await using server = await startServer("concurrentserver_final");
    assert.match(await ask(server.port), /Hello, World!/);
  });

  it("runs from any directory, through a link", () => {
    const directory = mkdtempSync(join(tmpdir(), "lab-"));
    try {
      symlinkSync(join(ROOT, "bin/lab"), join(directory, "lab"));
      const { stdout } = spawnSync("./lab", { cwd: directory, encoding: "utf8" });
      assert.match(stdout, /^Usage: bin\/lab NAME/);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it("says in one line what is wrong", async () => {
    const unknown = await runLab("webserver9");
    assert.deepEqual(unknown, {
      code: 2,
      signal: null,
      output: "lab: no lab webserver9; bin/lab lists them\n",
    });
    const wrongPort = await runLab("webserver1", { env: { PORT: "http" } });
    assert.deepEqual([wrongPort.code, wrongPort.output], [2, "lab: PORT=http: write a number\n"]);
  });
});

function isSupport(name: string): boolean {
  return name === "run" || name === "settings";
}
