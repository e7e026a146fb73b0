import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { exactly, makePattern, type PathPattern } from "../../core/development/pattern.ts";
import { SourceFiles } from "./source-files.ts";

const root = mkdtempSync(join(tmpdir(), "source-files-"));
after(() => {
  rmSync(root, { recursive: true });
});
const at = (path: string): string => join(root, path);
for (const directory of ["app", "lib/site-packages/flask", "env", "templates"])
  mkdirSync(at(directory), { recursive: true });
writeFileSync(at("env/pyvenv.cfg"), "");

function patterns(...texts: readonly string[]): PathPattern[] {
  return texts.map((text) => makePattern(text, root));
}

describe("source files", () => {
  it("are what is named exactly, whatever is in its name", () => {
    const files = new SourceFiles(at("app"), [exactly(at("[a]*.toml"))]);
    assert.ok(files.isRelevant(at("[a]*.toml")));
    assert.ok(!files.isRelevant(at("a1.toml")));
  });

  it("are what is named in full, though its name begins with a dot", () => {
    const files = new SourceFiles(at("app"), patterns(".env", "app"));
    assert.ok(files.isRelevant(at(".env")));
    assert.ok(!files.isRelevant(at("app/.a.py.swp")));
    assert.ok(!files.isRelevant(at("app/.env")));
  });

  it("are what is imported, and sources beside it", () => {
    const files = new SourceFiles(at("app"), []);
    assert.deepEqual(files.directories, [at("app")]);
    const flask = at("lib/site-packages/flask/app.py");
    assert.equal(files.imported([flask, at("app/native.so")]), true);
    assert.equal(files.imported([flask]), false);
    assert.ok(files.isRelevant(flask));
    assert.ok(files.isRelevant(at("app/native.so")));
    assert.ok(files.isRelevant(at("app/new.py")));
    assert.ok(!files.isRelevant(at("lib/site-packages/flask/cli.py")));
    assert.ok(!files.isRelevant(at("app/notes.txt")));
    assert.ok(!files.isRelevant(at("env/x.py")));
    assert.deepEqual(files.directories, [at("app"), at("lib/site-packages/flask")]);
  });

  it("are none that editors put beside them", () => {
    const files = new SourceFiles(at("app"), patterns("app"));
    const names = ["4913", ".a.py.swp", ".#a.py", "a.py~", "#a.py#", "a.py___jb_tmp___"];
    for (const name of names) assert.ok(!files.isRelevant(at(`app/${name}`)), name);
  });

  it("may appear with a package, not with any directory", () => {
    const files = new SourceFiles(at("app"), []);
    assert.ok(files.appeared(at("app/shop")));
    assert.ok(!files.appeared(at("app/shop")), "once");
    assert.ok(files.isRelevant(at("app/shop/models.py")));
    for (const name of ["__pycache__", ".git", "node_modules", "a-b"])
      assert.ok(!files.appeared(at(`app/${name}`)), name);
    assert.ok(!files.appeared(at("elsewhere/shop")));
  });

  it("are what patterns name, below directories that may hold some", () => {
    const files = new SourceFiles(at("app"), patterns("*.html", "templates", "missing/*.x"));
    assert.deepEqual(files.trees, [root, at("templates")]);
    assert.ok(files.isRelevant(at("app/deep/a.html")));
    assert.ok(files.isRelevant(at("templates/a.css")));
    assert.ok(files.isPassable(root) && files.isPassable(at("app")));
    assert.ok(!files.isPassable(at("env")), "a virtual environment");
    assert.ok(!files.isPassable(at("node_modules")));
  });
});
