// Flask, Django and Pyramid as their users know them: what each of them answers to the same requests.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { chunked } from "../support/bodies.ts";
import { pattern, sha256 } from "../support/pattern.ts";
import { noted, openGate, recordOf } from "../support/record.ts";
import { RawClient } from "../support/raw-client.ts";
import { ROOT, type ServerUnderTest, startServer } from "../support/server.ts";
import { type CaseRequest, requestBytes } from "../support/wsgi-cases.ts";

const FRAMEWORKS = ["flask", "django", "pyramid"] as const;
const FILE = pattern(10_240);
const STYLE = join(ROOT, "test/apps/framework_static/style.css");
const MIB = 2 ** 20;

/** A multipart/form-data body (RFC 7578) with a field and a file. */
function multipart(content: Buffer): CaseRequest {
  const boundary = "a.boundary-of-the-test";
  const part = (disposition: string): string =>
    `--${boundary}\r\nContent-Disposition: form-data; ${disposition}\r\n`;
  const body = Buffer.concat([
    Buffer.from(`${part('name="note"')}\r\nZo\u00eb & <b>\r\n`),
    Buffer.from(`${part('name="file"; filename="data file.bin"')}Content-Type: x/y\r\n\r\n`),
    content,
    Buffer.from(`\r\n--${boundary}--\r\n`),
  ]);
  return {
    method: "POST",
    fields: [`Content-Type: multipart/form-data; boundary=${boundary}`],
    body,
  };
}

/** Set-Cookie lines as name -> line. Django has a space of its own before the name. */
function cookiesOf(head: string): Map<string, string> {
  const lines = [...head.matchAll(/^set-cookie: +(([^=]+)=.*)$/gim)];
  return new Map(lines.map(([, line = "", name = ""]) => [name, line]));
}

for (const framework of FRAMEWORKS) {
  describe(framework, () => {
    let server: ServerUnderTest;
    before(async () => {
      server = await startServer(`frameworks_${framework}:app`, {
        args: ["--workers", "1", "--threads", "4", "--python", join(ROOT, ".venv/bin/python")],
      });
    });
    after(async () => {
      await server.stop();
    });

    function begin(target: string, request: CaseRequest = {}): RawClient {
      const client = new RawClient(server.port);
      client.send(requestBytes(target, request));
      return client;
    }
    async function ask(target: string, request: CaseRequest = {}) {
      using client = begin(target, request);
      return await client.response(request.method);
    }
    async function json(target: string, request: CaseRequest = {}): Promise<unknown> {
      const answer = await ask(target, request);
      assert.equal(answer.status, 200, answer.body.toString());
      return JSON.parse(answer.body.toString());
    }

    describe("routing", () => {
      it("answers", async () => {
        const answer = await ask("/hello");
        assert.equal(answer.body.toString(), "Hello\n");
        assert.equal(answer.fields.get("content-length"), "6");
        assert.match(answer.fields.get("content-type") ?? "", /^text\/plain/);
      });
      it("takes values out of the path", async () => {
        assert.deepEqual(await json("/item/42/an%20item"), { number: 42, name: "an item" });
      });
      it("knows text in paths: UTF-8", async () => {
        const rest = "\u00fcber/\u20ac/\u{1F943}";
        assert.deepEqual(await json(`/path/${encodeURI(rest)}`), { rest });
      });
      it("knows text in queries, and repeated names", async () => {
        const query = "?a=1&a=2&b=%E2%82%AC+%26&c=&%C3%A4=%C3%B6";
        const expected = { a: ["1", "2"], b: ["\u20ac &"], c: [""], "\u00e4": ["\u00f6"] };
        assert.deepEqual(await json(`/query${query}`), expected);
      });
      it("404 for what is not there", async () => {
        const answer = await ask("/nothing");
        assert.equal(answer.status, 404);
        assert.ok(answer.isWhole && answer.body.length > 0);
      });
      it("another method is refused, with a body of its own that is not read", async () => {
        using client = begin("/hello", { method: "POST", body: "x".repeat(100_000) });
        const { status } = await client.response();
        // Pyramid's routes do not match then.
        assert.equal(status, framework === "pyramid" ? 404 : 405);
        client.send(requestBytes("/hello"));
        assert.equal((await client.response()).body.toString(), "Hello\n");
      });
      it("HEAD is GET without its body", async () => {
        using client = begin("/hello", { method: "HEAD" });
        const answer = await client.response("HEAD");
        assert.equal(answer.status, 200);
        assert.equal(answer.fields.get("content-length"), "6");
        client.send(requestBytes("/hello"));
        assert.equal((await client.response()).body.toString(), "Hello\n");
      });
      if (framework === "flask") {
        it("OPTIONS says what is allowed", async () => {
          const answer = await ask("/hello", { method: "OPTIONS" });
          const allowed = (answer.fields.get("allow") ?? "").split(", ").toSorted();
          assert.deepEqual(allowed, ["GET", "HEAD", "OPTIONS"]);
        });
      }
      it("a status line of its own", async () => {
        const answer = await ask("/teapot");
        assert.equal(answer.head.split("\r\n")[0], "HTTP/1.1 418 I'm a little teapot");
        assert.equal(answer.body.toString(), "short and stout");
      });
      it("204 has no body", async () => {
        using client = begin("/empty");
        const answer = await client.response();
        assert.equal(answer.status, 204);
        assert.equal(answer.fields.get("content-length"), undefined);
        client.send(requestBytes("/hello"));
        assert.equal((await client.response()).body.toString(), "Hello\n");
      });
    });

    describe("bodies", () => {
      it("a form", async () => {
        const fields = ["Content-Type: application/x-www-form-urlencoded"];
        const body = "a=1&a=2&text=%E2%82%AC+x";
        const expected = { a: ["1", "2"], text: ["\u20ac x"] };
        assert.deepEqual(await json("/form", { method: "POST", fields, body }), expected);
      });
      it("a form that comes chunked", async () => {
        const fields = [
          "Content-Type: application/x-www-form-urlencoded",
          "Transfer-Encoding: chunked",
        ];
        const body = chunked(Buffer.from("a=1&text=%E2%82%AC"), 5);
        const expected = { a: ["1"], text: ["\u20ac"] };
        assert.deepEqual(await json("/form", { method: "POST", fields, body }), expected);
      });
      for (const [size, what] of [
        [0, "an empty file"],
        [1000, "a small file"],
        [3 * MIB, "a file of 3 MiB"],
      ] as const) {
        it(`multipart with ${what}`, async () => {
          const content = randomBytes(size);
          assert.deepEqual(await json("/upload", multipart(content)), {
            filename: "data file.bin",
            note: "Zo\u00eb & <b>",
            length: size,
            sha256: sha256(content),
          });
        });
      }
      it("multipart that comes chunked", async () => {
        const content = randomBytes(2 * MIB);
        const whole = multipart(content);
        const seen = await json("/upload", {
          method: "POST",
          fields: [...(whole.fields ?? []), "Transfer-Encoding: chunked"],
          body: chunked(Buffer.from(whole.body ?? []), 60_000),
        });
        const expected = { length: content.length, sha256: sha256(content) };
        assert.deepEqual(seen, { filename: "data file.bin", note: "Zo\u00eb & <b>", ...expected });
      });
      it("JSON", async () => {
        const value = { text: "\u20ac\u{1F943}", list: [1, null, { a: true }] };
        const fields = ["Content-Type: application/json"];
        const body = Buffer.from(JSON.stringify(value));
        assert.deepEqual(await json("/json", { method: "POST", fields, body }), value);
      });
      for (const size of [0, 10, 5 * MIB]) {
        it(`raw, ${size} bytes`, async () => {
          const body = pattern(size);
          const fields = ["Content-Type: x/y"];
          const expected = { type: "x/y", length: size, sha256: sha256(body) };
          assert.deepEqual(await json("/body", { method: "PUT", fields, body }), expected);
        });
        it(`raw and chunked, ${size} bytes`, async () => {
          const body = pattern(size);
          const seen = await json("/body", {
            method: "POST",
            fields: ["Content-Type: x/y", "Transfer-Encoding: chunked"],
            body: chunked(body, 100_000),
          });
          assert.deepEqual(seen, { type: "x/y", length: size, sha256: sha256(body) });
        });
      }
      it("read as a stream", async () => {
        const body = pattern(2 * MIB);
        const expected = { length: body.length, sha256: sha256(body) };
        assert.deepEqual(await json("/body-stream", { method: "POST", body }), expected);
      });
      it("a chunked one read as a stream", async () => {
        const body = pattern(2 * MIB);
        const seen = await json("/body-stream", {
          method: "POST",
          fields: ["Transfer-Encoding: chunked"],
          body: chunked(body, 100_000),
        });
        assert.deepEqual(seen, { length: body.length, sha256: sha256(body) });
      });
    });

    describe("cookies", () => {
      it("are seen, also those of two lines", async () => {
        const fields = ["Cookie: a=1; b=two", "Cookie: c=3"];
        assert.deepEqual(await json("/cookies", { fields }), { a: "1", b: "two", c: "3" });
      });
      it("are set each in a line of its own", async () => {
        const { head } = await ask("/set-cookies");
        const cookies = cookiesOf(head);
        assert.deepEqual([...cookies.keys()], ["a", "b", "c"]);
        assert.match(cookies.get("b") ?? "", /^b="2 3"; (?=.*HttpOnly)(?=.*SameSite=Lax)/i);
        assert.match(cookies.get("c") ?? "", /Max-Age=0/i);
      });
      it("carry a session", async () => {
        let cookie = "";
        for (const visits of [1, 2, 3]) {
          const fields = cookie === "" ? [] : [`Cookie: ${cookie}`];
          const answer = await ask("/session", { fields });
          assert.deepEqual(JSON.parse(answer.body.toString()), { visits });
          cookie = [...cookiesOf(answer.head).values()]
            .map((line) => line.split(";")[0])
            .join("; ");
        }
      });
    });

    describe("addresses", () => {
      it("redirects", async () => {
        const answer = await ask("/redirect");
        assert.equal(answer.status, 302);
        const location = answer.fields.get("location") ?? "";
        // WebOb makes it absolute.
        const expected = framework === "pyramid" ? "http://test.example/hello" : "/hello";
        assert.equal(location, expected);
      });
      it("redirects to an absolute address, from Host", async () => {
        const answer = await ask("/redirect-absolute");
        assert.equal(answer.status, 303);
        assert.equal(answer.fields.get("location"), "http://test.example/hello");
      });
      it("redirects below a mount, by SCRIPT_NAME", async () => {
        const relative = await ask("/mnt/redirect");
        assert.ok(relative.fields.get("location")?.endsWith("/mnt/hello"));
        const absolute = await ask("/mnt/redirect-absolute");
        assert.equal(absolute.fields.get("location"), "http://test.example/mnt/hello");
      });
      it("knows where it is", async () => {
        assert.deepEqual(await json("/address?a=%20b"), {
          url: "http://test.example/address?a=%20b",
          root: "http://test.example/",
          path: "/address",
          script: "",
          host: "test.example",
          scheme: "http",
          remote: "127.0.0.1",
        });
      });
      it("knows where it is below a mount", async () => {
        assert.deepEqual(await json("/mnt/address"), {
          url: "http://test.example/mnt/address",
          root: "http://test.example/mnt/",
          path: "/address",
          script: "/mnt",
          host: "test.example",
          scheme: "http",
          remote: "127.0.0.1",
        });
      });
      if (framework !== "pyramid") {
        it("adds a missing slash", async () => {
          const answer = await ask("/slash?a=b");
          assert.ok([301, 308].includes(answer.status));
          assert.match(answer.fields.get("location") ?? "", /\/slash\/\?a=b$/);
        });
      }
    });

    describe("answers", () => {
      it("a stream, piece by piece", async () => {
        using client = begin(`/stream/${framework}?word=w%C3%B6rd`);
        const first = Buffer.from("GET w\u00f6rd,");
        while (!client.received.includes(first)) await client.bytes(client.receivedBytes + 1);
        assert.ok(!client.received.includes("more"));
        openGate(server, framework);
        const answer = await client.response();
        assert.equal(answer.body.toString(), "GET w\u00f6rd,more,of the context");
        assert.equal(answer.fields.get("transfer-encoding"), "chunked");
      });
      it("a stream that raises: broken, and logged", async () => {
        const answer = await ask("/stream-raises");
        assert.equal(answer.status, 200);
        assert.equal(answer.body.toString(), "first");
        assert.equal(answer.isWhole, false);
        await server.logged("RuntimeError: on purpose, in a stream");
      });
      it("HEAD of a stream", async () => {
        using client = begin("/stream-raises", { method: "HEAD" });
        assert.equal((await client.response("HEAD")).status, 200);
        client.send(requestBytes("/hello"));
        assert.equal((await client.response()).body.toString(), "Hello\n");
      });
      it("a file", async () => {
        const answer = await ask("/file");
        assert.equal(answer.fields.get("content-length"), String(FILE.length));
        assert.ok(answer.body.equals(FILE));
      });
      it("HEAD of a file", async () => {
        using client = begin("/file", { method: "HEAD" });
        const answer = await client.response("HEAD");
        assert.equal(answer.fields.get("content-length"), String(FILE.length));
        client.send(requestBytes("/hello"));
        assert.equal((await client.response()).body.toString(), "Hello\n");
      });
      it("304 for a file that has not changed", async () => {
        const first = await ask("/file");
        const etag = first.fields.get("etag");
        const fields =
          etag === undefined
            ? [`If-Modified-Since: ${first.fields.get("last-modified")}`]
            : [`If-None-Match: ${etag}`];
        using client = begin("/file", { fields });
        const answer = await client.response();
        assert.equal(answer.status, 304);
        assert.equal(answer.fields.get("transfer-encoding"), undefined);
        client.send(requestBytes("/hello"));
        assert.equal((await client.response()).body.toString(), "Hello\n");
      });
      // Django's FileResponse knows no ranges.
      for (const [range, from, to] of framework === "django"
        ? []
        : ([
            ["bytes=100-199", 100, 200],
            ["bytes=10000-", 10_000, 10_240],
            ["bytes=-40", 10_200, 10_240],
          ] as const)) {
        it(`a range of a file: ${range}`, async () => {
          const answer = await ask("/file", { fields: [`Range: ${range}`] });
          assert.equal(answer.status, 206);
          const expected = `bytes ${from}-${to - 1}/${FILE.length}`;
          assert.equal(answer.fields.get("content-range"), expected);
          assert.equal(answer.fields.get("content-length"), String(to - from));
          assert.ok(answer.body.equals(FILE.subarray(from, to)));
        });
      }
      if (framework !== "django") {
        it("416 for a range that is not there", async () => {
          const answer = await ask("/file", { fields: ["Range: bytes=20000-"] });
          assert.equal(answer.status, 416);
          assert.ok(answer.isWhole);
        });
        it("a static file", async () => {
          const path = framework === "flask" ? "/framework_static" : "/static";
          const answer = await ask(`${path}/style.css`);
          assert.deepEqual(answer.body, readFileSync(STYLE));
          assert.match(answer.fields.get("content-type") ?? "", /^text\/css/);
          assert.equal((await ask(`${path}/../frameworks_flask.py`)).status, 404);
        });
      }
      it("megabytes", async () => {
        const answer = await ask(`/large/${5 * MIB}`);
        assert.equal(answer.fields.get("content-length"), String(5 * MIB));
        assert.ok(answer.isWhole && answer.body.every((byte) => byte === 0x78));
      });
    });

    describe("errors and hooks", () => {
      it("500 gives nothing away, and is logged", async () => {
        const answer = await ask("/raise");
        assert.equal(answer.status, 500);
        assert.doesNotMatch(answer.body.toString(), /secret|Traceback/);
        await server.logged("RuntimeError: on purpose: a secret");
        assert.equal((await ask("/hello")).status, 200);
      });
      it("a handler of the application", async () => {
        const answer = await ask("/handled");
        assert.equal(answer.status, 422);
        assert.equal(answer.body.toString(), "by the handler");
      });
      it("hooks run in order, close() last", async () => {
        const answer = await ask("/hooks?mark=hooks");
        assert.equal(answer.body.toString(), "hooked");
        assert.equal(answer.fields.get("x-after"), "yes");
        const expected = {
          // The context ends with the call, the answer is closed when it is sent.
          flask: ["before", "view", "after this", "after", "teardown NoneType", "close"],
          django: ["before", "view", "after", "close"],
          pyramid: ["before", "view", "callback", "after", "finished", "close"],
        }[framework];
        await noted(server, `hooks: ${expected.at(-1)}`);
        const notes = recordOf(server).filter((note) => note.startsWith("hooks: "));
        assert.deepEqual(
          notes.map((note) => note.slice("hooks: ".length)),
          expected,
        );
      });
      it("hooks run for HEAD", async () => {
        await ask("/hooks?mark=head", { method: "HEAD" });
        await noted(server, "head: close");
      });
      if (framework === "flask") {
        it("teardown runs after an error", async () => {
          assert.equal((await ask("/hooks-raise?mark=error")).status, 500);
          await noted(server, "error: teardown RuntimeError");
        });
      }
      it("four threads each have a context of their own", async () => {
        const words = ["one", "two", "three", "four"];
        const answers = await Promise.all(words.map((word) => ask(`/meet/${word}`)));
        assert.deepEqual(
          answers.map(({ body }) => body.toString()),
          words.map((word) => `${word} ${word}`),
        );
      });
    });
  });
}
