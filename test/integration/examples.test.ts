import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { ROOT, type ServerUnderTest, startServer } from "../support/server.ts";

const directory = realpathSync(mkdtempSync(join(tmpdir(), "rickhouse-examples-")));
after(() => rmSync(directory, { recursive: true }));

const APPLICATIONS = [
  { module: "wsgi_app", mount: "/wsgi", hello: "Hello world from a WSGI app!\n" },
  { module: "flask_app", mount: "/flask", hello: "Hello world from Flask!\n" },
  { module: "pyramid_app", mount: "/pyramid", hello: "Hello world from Pyramid!\n" },
  { module: "djangoapp", mount: "/django", hello: "Hello world from Django!\n" },
] as const;

/** The example, watched by wsgiref.validate on the server's side and on the application's side. */
function validated(module: string): string {
  const name = `validated_${module}`;
  const text = `
import sys
from wsgiref.validate import validator

sys.path.insert(0, ${JSON.stringify(join(ROOT, "examples"))})
from ${module} import app as example

app = validator(example)
`;
  writeFileSync(join(directory, `${name}.py`), text);
  return join(directory, `${name}:app`);
}

function start(application: string): Promise<ServerUnderTest> {
  const python = join(ROOT, ".venv/bin/python");
  return startServer(application, { args: ["--workers", "2", "--python", python] });
}

/** What a browser takes from a page with a form: the cookies, and the token of a form that has one (Django). */
async function openForm(url: string): Promise<{ cookie: string; token: string }> {
  const response = await fetch(url);
  assert.equal(response.status, 200);
  const token = /name="csrfmiddlewaretoken" value="([^"]+)"/.exec(await response.text())?.[1] ?? "";
  const cookies = response.headers.getSetCookie().map((line) => line.split(";")[0]);
  return { cookie: cookies.join("; "), token };
}

async function checkPages(base: string, hello: string, path: string): Promise<void> {
  await checkText(base, hello);
  await checkIndex(base, path);
  await checkForm(base);
  await checkUpload(base);
  await checkStream(base);
  await checkCookie(base, path);
  assert.equal((await fetch(`${base}/no-such-page`)).status, 404);
}

async function checkText(base: string, hello: string): Promise<void> {
  const response = await fetch(`${base}/hello`);
  assert.equal(response.status, 200);
  assert.match(response.headers.get("content-type") ?? "", /^text\/plain; ?charset=utf-8$/i);
  assert.equal(await response.text(), hello);
  const head = await fetch(`${base}/hello`, { method: "HEAD" });
  assert.equal(head.headers.get("content-length"), String(hello.length));
}

/** Each link of the index leads to a page, wherever the application is mounted. */
async function checkIndex(base: string, path: string): Promise<void> {
  const page = await (await fetch(`${base}/`)).text();
  const links = [...page.matchAll(/href="([^"]+)"/g)].map((match) => match[1]);
  assert.deepEqual(
    links,
    ["hello", "form", "upload", "stream", "cookie"].map((name) => `${path}/${name}`),
  );
}

async function checkForm(base: string): Promise<void> {
  const { cookie, token } = await openForm(`${base}/form`);
  const response = await fetch(`${base}/form`, {
    method: "POST",
    headers: { cookie },
    body: new URLSearchParams({ name: "Zoë <b>", csrfmiddlewaretoken: token }),
  });
  assert.equal(response.status, 200);
  assert.match(await response.text(), /<p>Hello Zoë &lt;b&gt;!/);
}

async function checkUpload(base: string): Promise<void> {
  const { cookie, token } = await openForm(`${base}/upload`);
  // More than the server holds in memory, with every kind of line end in it.
  const content = Buffer.concat([randomBytes(2_000_000), Buffer.from("\r\n\n\r--\r\n")]);
  const body = new FormData();
  body.set("csrfmiddlewaretoken", token);
  body.set("file", new Blob([content]), "random data.bin");
  const response = await fetch(`${base}/upload`, { method: "POST", headers: { cookie }, body });
  assert.equal(response.status, 200);
  const sha256 = createHash("sha256").update(content).digest("hex");
  const expected = `name: random data.bin\nsize: ${content.length} bytes\nsha256: ${sha256}\n`;
  assert.equal(await response.text(), expected);
}

/** The first line is here before the last is made. */
async function checkStream(base: string): Promise<void> {
  const response = await fetch(`${base}/stream`);
  const times: number[] = [];
  let text = "";
  for await (const chunk of response.body ?? []) {
    times.push(performance.now());
    text += Buffer.from(chunk).toString();
  }
  assert.equal(text, "line 1 of 5\nline 2 of 5\nline 3 of 5\nline 4 of 5\nline 5 of 5\n");
  const spreadMs = (times.at(-1) ?? 0) - (times[0] ?? 0);
  assert.ok(spreadMs > 400, `all lines within ${spreadMs} ms`);
}

async function checkCookie(base: string, path: string): Promise<void> {
  const first = await fetch(`${base}/cookie`);
  assert.equal(await first.text(), "visits: 1\n");
  const [line = ""] = first.headers.getSetCookie();
  assert.ok(line.split("; ").includes(`Path=${path === "" ? "/" : path}`), line);
  const second = await fetch(`${base}/cookie`, { headers: { cookie: line.split(";")[0] ?? "" } });
  assert.equal(await second.text(), "visits: 2\n");
}

for (const { module, hello } of APPLICATIONS) {
  describe(`examples/${module}:app alone, around it wsgiref.validate`, () => {
    it("answers on every page, and the validator finds nothing", async () => {
      await using server = await start(validated(module));
      await checkPages(server.url, hello, "");
      assert.doesNotMatch(server.stderr, /Traceback|AssertionError|Warning/);
    });
  });
}

describe("examples/all:app", () => {
  let server: ServerUnderTest;
  before(async () => {
    server = await start(validated("all"));
  });
  after(() => server[Symbol.asyncDispose]());

  it("links every application from its page", async () => {
    const response = await fetch(server.url);
    assert.match(response.headers.get("content-type") ?? "", /^text\/html/);
    const page = await response.text();
    for (const { mount } of APPLICATIONS) assert.ok(page.includes(`href="${mount}/"`), mount);
    for (const [, link = ""] of page.matchAll(/href="(\/[^"]*)"/g)) {
      const { status } = await fetch(`${server.url}${link}`);
      assert.equal(status, 200, link);
    }
  });

  it("leads to the slash and keeps the query", async () => {
    const response = await fetch(`${server.url}/flask?a=1`, { redirect: "manual" });
    assert.equal(response.status, 308);
    assert.equal(response.headers.get("location"), "/flask/?a=1");
  });

  it("knows no other path", async () => {
    assert.equal((await fetch(`${server.url}/flaskx/`)).status, 404);
  });

  for (const { mount, hello } of APPLICATIONS) {
    it(`serves ${mount}, which knows where it is mounted`, async () => {
      await checkPages(`${server.url}${mount}`, hello, mount);
    });
  }

  it("has not upset the validator", () => {
    assert.doesNotMatch(server.stderr, /Traceback|AssertionError|Warning/);
  });
});

describe("examples/hello:app", () => {
  it("gives the same answer to every request", async () => {
    await using server = await start(validated("hello"));
    for (const path of ["/", "/anything?x=1"]) {
      const response = await fetch(`${server.url}${path}`);
      assert.equal(await response.text(), "Hello world!\n");
    }
    assert.equal(
      await (await fetch(server.url, { method: "POST", body: "x" })).text(),
      "Hello world!\n",
    );
  });
});

describe("the Django project by its own wsgi.py", () => {
  it("is served from its directory", async () => {
    await using server = await start(join(ROOT, "examples/helloworld/helloworld.wsgi"));
    assert.equal(await (await fetch(`${server.url}/hello`)).text(), "Hello world from Django!\n");
  });
});
