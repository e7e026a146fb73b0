import assert from "node:assert/strict";
import { mkdirSync, rmSync, symlinkSync } from "node:fs";
import { describe, it } from "node:test";
import { Project } from "../support/development.ts";
import { waitFor } from "../support/server.ts";

/** An application that answers what this expression gives. */
function answering(expression: string, imports = ""): string {
  return `${imports}
def app(environ, start_response):
    text = str(${expression})
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [text.encode()]
`;
}

const BROKEN = "def (:\n";

describe("--reload", () => {
  it("never answers with the old code what is asked after a save", async () => {
    await using project = new Project({ "main.py": answering("'zero'") });
    await project.serve("main:app");
    assert.equal(await project.get(), "200 zero");
    for (const word of ["one", "two", "six"]) {
      // The same length within the same second, as bytecode is told apart by both.
      project.write("main.py", answering(`'${word}'`));
      assert.equal(await project.get(), `200 ${word}`);
    }
    assert.match(project.server.stderr, /changed: main\.py/);
  });

  it("takes what editors write beside and put in place of a file", async () => {
    await using project = new Project({ "main.py": answering("'zero'") });
    await project.serve("main:app");
    project.replace("main.py", answering("'replaced'"));
    assert.equal(await project.get(), "200 replaced");
    project.moveAwayAndWrite("main.py", answering("'moved'"));
    assert.equal(await project.get(), "200 moved");
    project.replace("main.py", answering("'again'"));
    assert.equal(await project.get(), "200 again");
    assert.doesNotMatch(project.server.stderr, /changed: .*(?:4913|jb_tmp|~)/);
    assert.doesNotMatch(project.server.stderr, /reload failed/);
  });

  it("lives on beside what cannot be looked at", async () => {
    await using project = new Project({ "main.py": answering("'zero'") });
    await project.serve("main:app");
    symlinkSync("loop.py", project.path("loop.py"));
    symlinkSync("package", project.path("package"));
    project.write("main.py", answering("'one'"));
    assert.equal(await project.get(), "200 one");
    await project.server.logged("generation 2 serves");
    project.write("main.py", answering("'two'"));
    assert.equal(await project.get(), "200 two");
  });

  it("watches what is imported, wherever it lies", async () => {
    await using library = new Project({ "far/away.py": "WORD = 'zero'\n" });
    const imports = "import sys\nfrom far import away\n";
    await using project = new Project({ "main.py": answering("away.WORD", imports) });
    await project.serve("main:app", "--pythonpath", library.directory);
    assert.equal(await project.get(), "200 zero");
    library.write("far/away.py", "WORD = 'one'\n");
    assert.equal(await project.get(), "200 one");
  });

  for (const preload of ["on", "off"]) {
    it(`watches what a worker imports in a request (--preload ${preload})`, async () => {
      await using library = new Project({ "late/word.py": "WORD = 'zero'\n" });
      const late = "__import__('late.word').word.WORD";
      await using project = new Project({ "main.py": answering(late) });
      await project.serve("main:app", "--pythonpath", library.directory, "--preload", preload);
      assert.equal(await project.get(), "200 zero");
      // What a worker tells goes another way than its answers: it is known a moment later.
      await waitFor("the new code", async () => {
        library.write("late/word.py", "WORD = 'one'\n");
        return (await project.get()) === "200 one";
      });
    });
  }

  it("watches a package again that went away and came back", async () => {
    const files = { "shop/__init__.py": "", "shop/models.py": "WORD = 'zero'\n" };
    const main = answering("models.WORD", "from shop import models\n");
    await using project = new Project({ "main.py": main, ...files });
    await project.serve("main:app");
    assert.equal(await project.get(), "200 zero");
    rmSync(project.path("shop"), { recursive: true });
    await waitFor("the loss", async () => (await project.get()).startsWith("500 "));
    for (const word of ["one", "two"]) {
      project.write("shop/__init__.py", "");
      project.write("shop/models.py", `WORD = '${word}'\n`);
      await waitFor(word, async () => (await project.get()) === `200 ${word}`);
    }
  });

  it("gives no old code for a save that a bad configuration keeps from being loaded", async () => {
    await using project = new Project({
      "main.py": answering("'zero'"),
      "rickhouse.toml": "threads = 1\n",
    });
    await project.serve("main:app", "--debug");
    assert.equal(await project.get(), "200 zero");
    project.write("rickhouse.toml", "threads = 0\n");
    project.write("main.py", answering("'one'"));
    assert.match(await project.get("/", "text/html"), /^500 [^]*rickhouse\.toml:1: threads/);
    project.write("rickhouse.toml", "threads = 1\n");
    assert.equal(await project.get(), "200 one", "it is watched too");
    project.write("main.py", answering("'two'"));
    assert.equal(await project.get(), "200 two");
  });

  it("shows what is wrong with the configuration in place of what was wrong with the code", async () => {
    await using project = new Project({
      "main.py": answering("'zero'"),
      "rickhouse.toml": "threads = 1\n",
    });
    await project.serve("main:app", "--debug");
    project.write("main.py", BROKEN);
    assert.match(await project.get("/", "text/html"), /^500 [^]*SyntaxError/);
    project.write("rickhouse.toml", "threads = 0\n");
    project.write("main.py", answering("'one'"));
    assert.match(await project.get("/", "text/html"), /^500 [^]*rickhouse\.toml:1: threads/);
  });

  it("shows why the new code does not import, and mends with the next good save", async () => {
    await using project = new Project({ "main.py": answering("'zero'") });
    await project.serve("main:app", "--health-path", "/healthz");
    assert.match(await project.get("/healthz"), /^200 /);
    project.write("main.py", BROKEN);
    const answer = await project.get("/", "text/html");
    assert.match(answer, /^500 <!doctype html>/);
    assert.match(answer, /cannot be imported/);
    assert.doesNotMatch(answer, /SyntaxError|main\.py/, "only --debug shows source");
    assert.match(await project.get("/healthz"), /^503 /);
    await project.server.logged("SyntaxError");
    project.write("main.py", answering("'mended'"));
    assert.equal(await project.get(), "200 mended");
    assert.match(await project.get("/healthz"), /^200 /);
  });

  it("with --debug shows the traceback of the import", async () => {
    await using project = new Project({
      "main.py": answering("other.WORD", "import other"),
      "other.py": "WORD = 'zero'\n",
    });
    await project.serve("main:app", "--debug");
    assert.equal(await project.get(), "200 zero");
    project.write("other.py", "WORD = '<b>' + 1\n");
    const page = await project.get("/", "text/html");
    assert.match(page, /^500 <!doctype html>/);
    assert.match(page, /other\.py&quot;, line 1/);
    assert.match(page, /WORD = &#39;&lt;b&gt;&#39; \+ 1/);
    assert.match(page, /TypeError/);
    assert.match(await project.get("/", "application/json"), /^500 \{.*"detail":".*TypeError/);
    project.write("other.py", "WORD = 'mended'\n");
    assert.equal(await project.get(), "200 mended");
  });

  for (const preload of ["on", "off"]) {
    it(`stays up when the first start fails (--preload ${preload})`, async () => {
      await using project = new Project({ "main.py": BROKEN });
      await project.serve("main:app", "--debug", "--preload", preload);
      assert.match(await project.get(), /^500 [^]*SyntaxError/);
      project.write("main.py", answering("other.WORD", "import other"));
      assert.match(await project.get(), /^500 [^]*No module named 'other'/);
      project.write("other.py", "WORD = 'there'\n");
      assert.equal(await project.get(), "200 there");
    });
  }

  it("finds a package that was missing, file by file", async () => {
    await using project = new Project({
      "main.py": answering("models.WORD", "from shop import models"),
    });
    await project.serve("main:app");
    assert.match(await project.get(), /^500 /);
    mkdirSync(project.path("shop"));
    project.write("shop/models.py", "WORD = 'sold'\n");
    await waitFor("the package", async () => (await project.get()) === "200 sold");
  });

  it("watches templates that --reload-include names", async () => {
    const read = "open('templates/page.html').read()";
    await using project = new Project({
      "main.py": answering("PAGE", `PAGE = ${read}`),
      "templates/page.html": "zero",
      "templates/page.css": "zero",
      "notes.txt": "zero",
    });
    await project.serve("main:app", "--reload-include", "*.html", "--reload-include", "conf");
    assert.equal(await project.get(), "200 zero");
    project.write("templates/page.css", "one");
    project.write("notes.txt", "one");
    project.replace("templates/page.html", "one");
    assert.equal(await project.get(), "200 one");
    assert.doesNotMatch(project.server.stderr, /changed: .*(?:css|notes)/);
  });

  it("is off by default: code stays as it is, and a failed start ends the server", async () => {
    await using project = new Project({ "main.py": answering("'zero'") });
    await project.serve("main:app", "--reload=off");
    project.write("main.py", answering("'one'"));
    assert.equal(await project.get(), "200 zero");
    await using broken = new Project({ "main.py": BROKEN });
    await assert.rejects(broken.serve("main:app", "--reload=off"), /"code":3/);
  });

  it("ends at once on SIGTERM while nothing can be served", async () => {
    await using project = new Project({ "main.py": BROKEN });
    await project.serve("main:app");
    await project.server.stop();
  });
});
