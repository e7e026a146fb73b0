import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Project } from "../support/development.ts";
import { waitFor } from "../support/server.ts";

const FAILING = `
SECRET = "hidden value"

def fail(environ):
    password = SECRET
    raise LookupError("no <b>thing</b> for " + environ["QUERY_STRING"])  # <i>a comment</i>

def app(environ, start_response):
    if environ["PATH_INFO"] == "/late":
        start_response("200 OK", [])
        return late()
    if environ["PATH_INFO"] == "/own":
        start_response("500 Oops", [("Content-Type", "text/plain")])
        return [b"the application's own page"]
    return fail(environ)

def late():
    yield b"begun"
    raise LookupError("too late")
`;

const adminOf = (text: string): string | undefined => /admin at (\S+)/.exec(text)?.[1];

describe("--debug", () => {
  it("shows the traceback with source lines, escaped, in the form that is accepted", async () => {
    await using project = new Project({ "main.py": FAILING });
    await project.serve("main:app", "--reload=off", "--debug");
    const page = await project.get("/<x>?<script>alert(1)</script>", "text/html,*/*;q=0.8");
    assert.match(page, /^500 <!doctype html>/);
    assert.match(page, /LookupError/);
    assert.match(page, /no &lt;b&gt;thing&lt;\/b&gt; for &lt;script&gt;/);
    assert.match(page, /<span class=here><b>6<\/b> {4}raise LookupError/);
    assert.match(page, /# &lt;i&gt;a comment&lt;\/i&gt;/);
    assert.doesNotMatch(page, /<script|<b>thing|<i>a comment/);
    assert.doesNotMatch(page, /<input|<form|<a /);
    const text = await project.get("/?q");
    assert.match(
      text,
      /^500 GET \/\?q\nRequest ID: \w+\n\nTraceback[^]*LookupError: no <b>thing<\/b> for q$/,
    );
    const said: unknown = JSON.parse((await project.get("/?q", "application/json")).slice(4));
    assert.ok(typeof said === "object" && said !== null && "error" in said);
    assert.equal(said.error, "LookupError");
    await project.server.logged("error in GET /");
  });

  it("leaves pages of the application and answers that have begun alone", async () => {
    await using project = new Project({ "main.py": FAILING });
    await project.serve("main:app", "--reload=off", "--debug");
    assert.equal(await project.get("/own"), "500 the application's own page");
    assert.doesNotMatch(await project.get("/late"), /Traceback|LookupError/);
  });

  it("is off by default", async () => {
    await using project = new Project({ "main.py": FAILING });
    await project.serve("main:app", "--reload=off");
    assert.equal(await project.get("/", "text/html"), "500 Internal Server Error");
    assert.doesNotMatch(project.server.stderr, /--debug/);
  });

  it("warns of an address that others can reach", async () => {
    await using project = new Project({ "main.py": FAILING });
    await project.serve("main:app", "--reload=off", "--debug", "--bind", "0.0.0.0:0");
    await project.server.logged(/warning: --debug shows source lines .* 0\.0\.0\.0:0/);
  });
});

describe("rickhouse dev", () => {
  it("is --reload --debug with an admin address, and gives way to what is asked for", async () => {
    await using project = new Project({ "main.py": FAILING });
    await project.serve("main:app", "dev");
    const { server } = project;
    await server.logged(/admin at http:\/\/127\.0\.0\.1:\d+/);
    assert.match(server.stderr, /\(2 workers, /, "--workers 2 was given");
    assert.match(await project.get("/?q"), /LookupError/);
    project.write("main.py", FAILING.replace("no <b>", "other <b>"));
    assert.match(await project.get("/?q"), /LookupError: other/);
    // Another one takes a port of its own.
    await using second = new Project({ "main.py": FAILING });
    await second.serve("main:app", "dev");
    await second.server.logged(/admin at http:/);
    assert.notEqual(adminOf(second.server.stderr), adminOf(server.stderr));
  });

  it("starts by the configuration of a real server, with what that needs before its end", async () => {
    await using project = new Project({
      "main.py": FAILING,
      "rickhouse.toml": 'drain-delay = "5s"\ngraceful-timeout = "25s"\n',
    });
    await project.serve("main:app", "dev");
    await project.server.logged(/admin at http:/);
  });

  it("has Flask hand its exceptions on", async () => {
    const app = `
import os
def app(environ, start_response):
    start_response("200 OK", [])
    return [os.environ.get("FLASK_DEBUG", "none").encode()]
`;
    await using project = new Project({ "main.py": app });
    await project.serve("main:app", "dev");
    await waitFor("an answer", async () => (await project.get()) === "200 1");
  });
});
