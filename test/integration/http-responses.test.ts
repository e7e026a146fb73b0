// Answers on the wire: framing for each version, fields of the server, and what is broken never looks whole.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { get } from "../support/answers-app.ts";
import { pattern } from "../support/pattern.ts";
import { RawClient, type RawResponse, rawRequest } from "../support/raw-client.ts";
import { type ServerUnderTest, startServer } from "../support/server.ts";

/** An answer that must be nothing but a head. */
async function bodiless(
  server: ServerUnderTest,
  method: string,
  target: string,
): Promise<RawResponse> {
  using client = new RawClient(server.port);
  client.send(`${method} ${target} HTTP/1.1\r\nHost: a\r\n\r\n${get("/list?n=2")}`);
  const answer = await client.response("HEAD");
  // What came behind the head is the next answer, or a body that must not be there.
  assert.equal((await client.response()).body.length, 2);
  return answer;
}

describe("answers", () => {
  let server: ServerUnderTest;
  before(async () => {
    server = await startServer("answers:app", { args: ["--workers", "1"] });
  });
  after(async () => {
    await server.stop();
  });

  /** The answer to HTTP/1.1, and how it is framed. */
  async function ask(target: string, version: string = "1.1", fields: string = "") {
    return rawRequest(server.port, `GET ${target} HTTP/${version}\r\nHost: a\r\n${fields}\r\n`);
  }

  describe("framing", () => {
    it("adds the length of a list", async () => {
      for (const version of ["1.0", "1.1"]) {
        const answer = await ask("/list?n=3", version);
        assert.equal(answer.fields.get("content-length"), "3");
        assert.equal(answer.fields.get("transfer-encoding"), undefined);
        assert.deepEqual([...answer.body], [0, 1, 2]);
      }
    });

    it("adds length 0 to an empty list", async () => {
      assert.equal((await ask("/list?n=0")).fields.get("content-length"), "0");
    });

    it("adds the length of a list of several parts", async () => {
      const answer = await ask("/parts");
      assert.deepEqual(answer.body, pattern(30));
    });

    it("chunks a generator for HTTP/1.1", async () => {
      const answer = await ask("/stream?n=100000&piece=30000");
      assert.equal(answer.fields.get("transfer-encoding"), "chunked");
      assert.equal(answer.fields.get("connection"), undefined);
      assert.ok(answer.body.equals(pattern(100_000)));
    });

    it("ends a generator by the end of the connection for HTTP/1.0", async () => {
      using client = new RawClient(server.port);
      client.send("GET /stream?n=100000 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
      const answer = await client.response();
      assert.equal(answer.fields.get("transfer-encoding"), undefined);
      assert.equal(answer.fields.get("content-length"), undefined);
      assert.equal(answer.fields.get("connection"), "close");
      assert.ok(answer.body.equals(pattern(100_000)));
      assert.equal(client.error, undefined);
    });

    it("keeps an HTTP/1.0 connection that wants it when the length is known, and says so", async () => {
      using client = new RawClient(server.port);
      for (const _ of [1, 2]) {
        client.send("GET /list?n=1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
        const answer = await client.response();
        assert.equal(answer.fields.get("connection"), "keep-alive");
        assert.equal(answer.body.length, 1);
      }
    });

    it("keeps the application's length", async () => {
      const answer = await ask("/length?say=5&n=5");
      assert.equal(answer.fields.get("content-length"), "5");
      assert.equal(answer.body.length, 5);
    });

    it("cuts what is longer than the application's length, and keeps the connection", async () => {
      using client = new RawClient(server.port);
      client.send(get("/length?say=5&n=9") + get("/list?n=1"));
      assert.equal((await client.response()).body.length, 5);
      assert.equal((await client.response()).body.length, 1);
    });
  });

  describe("HEAD, 204, 205 and 304", () => {
    it("HEAD has no body and no length that the application did not give", async () => {
      const answer = await bodiless(server, "HEAD", "/list?n=5");
      assert.equal(answer.status, 200);
      assert.equal(answer.fields.get("content-length"), undefined);
      assert.equal(answer.fields.get("transfer-encoding"), undefined);
    });

    it("HEAD keeps the application's length", async () => {
      const answer = await bodiless(server, "HEAD", "/length?say=7&n=7");
      assert.equal(answer.fields.get("content-length"), "7");
    });

    it("HEAD of a generator", async () => {
      await bodiless(server, "HEAD", "/stream?n=100000");
    });

    for (const line of ["204 No Content", "304 Not Modified"]) {
      it(`${line} has neither body nor framing`, async () => {
        const answer = await bodiless(server, "GET", `/status?line=${encodeURIComponent(line)}`);
        assert.equal(`${answer.status} ${answer.reason}`, line);
        assert.equal(answer.fields.get("content-length"), undefined);
        assert.equal(answer.fields.get("transfer-encoding"), undefined);
      });
    }

    it("205 has length 0", async () => {
      using client = new RawClient(server.port);
      client.send(get("/status?line=205%20Reset%20Content") + get("/list?n=2"));
      const answer = await client.response();
      assert.equal(answer.fields.get("content-length"), "0");
      assert.equal((await client.response()).body.length, 2);
    });
  });

  describe("fields of the server", () => {
    it("adds Date and Server, once each", async () => {
      const { head, fields } = await ask("/list?n=1");
      assert.equal(head.match(/^date:/gim)?.length, 1);
      assert.equal(head.match(/^server:/gim)?.length, 1);
      const date = Date.parse(fields.get("date") ?? "");
      assert.ok(Math.abs(Date.now() - date) < 5000);
      assert.match(fields.get("date") ?? "", /^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/);
    });

    it("leaves the application's Date and Server alone", async () => {
      const { head, fields } = await ask("/own");
      assert.equal(head.match(/^date:/gim)?.length, 1);
      assert.equal(fields.get("date"), "Thu, 01 Jan 1970 00:00:00 GMT");
      assert.equal(fields.get("server"), "own");
    });

    it("says Connection: close when it will close, and only then", async () => {
      assert.equal((await ask("/list?n=1")).fields.get("connection"), undefined);
      const last = await ask("/list?n=1", "1.1", "Connection: close\r\n");
      assert.equal(last.fields.get("connection"), "close");
    });

    for (const line of ["200 Fine", "299 ", "418 I'm a teapot", "599 A b c", "404 \xe9"]) {
      it(`keeps the status line ${line}`, async () => {
        const answer = await ask(`/status?line=${encodeURIComponent(line)}`);
        assert.equal(`${answer.status} ${answer.reason}`, line);
        assert.equal(answer.body.toString(), "a body");
      });
    }
  });

  describe("broken answers never look whole", () => {
    it("an application that raises behind its first bytes: no last chunk", async () => {
      const answer = await ask("/raise?n=10");
      assert.equal(answer.fields.get("transfer-encoding"), "chunked");
      assert.equal(answer.isWhole, false);
      assert.equal(answer.body.length, 10);
    });

    it("the same on HTTP/1.0: a reset, as an end would look like success", async () => {
      using client = new RawClient(server.port);
      client.send("GET /raise?n=10 HTTP/1.0\r\n\r\n");
      await client.closed();
      assert.equal(client.error?.code, "ECONNRESET");
    });

    it("the same under a Content-Length", async () => {
      const answer = await ask("/raise?n=10&say=20");
      assert.equal(answer.isWhole, false);
      assert.equal(answer.body.length, 10);
    });

    it("a body shorter than its Content-Length", async () => {
      const answer = await ask("/length?say=100&n=60");
      assert.equal(answer.fields.get("content-length"), "100");
      assert.equal(answer.isWhole, false);
      assert.equal(answer.body.length, 60);
    });

    it("nothing behind a broken answer is served", async () => {
      using client = new RawClient(server.port);
      client.send(get("/length?say=100&n=60") + get("/list?n=1"));
      assert.equal((await client.response()).isWhole, false);
      assert.equal(client.received.length, 0);
    });

    it("an application that raises before its first bytes: 500, and the connection lives", async () => {
      using client = new RawClient(server.port);
      client.send(get("/raise?n=0") + get("/list?n=1"));
      const answer = await client.response();
      assert.equal(answer.status, 500);
      assert.ok(answer.isWhole);
      assert.equal((await client.response()).body.length, 1);
    });
  });

  describe("large answers", () => {
    const LENGTH = 10 * 2 ** 20;

    for (const [name, target] of [
      ["a list", `/list?n=${LENGTH}`],
      ["a generator", `/stream?n=${LENGTH}`],
      ["a generator of small pieces", `/stream?n=${2 ** 20}&piece=700`],
      ["a generator of large pieces", `/stream?n=${LENGTH}&piece=3000000`],
      ["a generator under a length", `/length?say=${LENGTH}&n=${LENGTH}`],
    ] as const) {
      it(`${name} to a fast reader`, async () => {
        const answer = await ask(target);
        assert.ok(answer.isWhole);
        const expected = pattern(answer.body.length);
        assert.ok(answer.body.length >= 2 ** 20 && answer.body.equals(expected));
      });
    }

    it("several, pipelined, to a slow reader, in order", async () => {
      using client = new RawClient(server.port);
      client.send(get(`/list?n=${LENGTH}`) + get(`/stream?n=${LENGTH}`) + get("/list?n=7"));
      await client.bytes(1);
      client.pause();
      await rawRequest(server.port, get("/list?n=1"));
      client.resume();
      for (const length of [LENGTH, LENGTH, 7]) {
        const answer = await client.response();
        assert.ok(answer.isWhole);
        assert.ok(answer.body.equals(pattern(length)));
      }
    });
  });
});
