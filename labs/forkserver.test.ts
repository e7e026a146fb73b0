// forkserver: the parser by itself, however its bytes are cut; and the server that forks.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  BadRequest,
  type HttpRequest,
  HttpRequestParser,
} from "./forkserver/http-request-parser.ts";
import { ask, askWithinAnother, Client } from "./support/client.ts";
import { startServer } from "./support/lab-process.ts";
import { waitFor } from "./support/wait-for.ts";

describe("HttpRequestParser", () => {
  for (const [what, framing, body] of [
    ["no body", "", ""],
    ["a body by Content-Length", "Content-Length: 5\r\n", "hello"],
    ["a body in chunks", "Transfer-Encoding: chunked\r\n", "3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"],
  ] as const) {
    it(`reads ${what}, whole and byte by byte`, () => {
      const bytes = Buffer.from(`POST /x HTTP/1.1\r\nHost: localhost\r\n${framing}\r\n${body}`);
      for (const request of [new HttpRequestParser().feed(bytes), byteByByte(bytes)]) {
        assert.ok(request !== undefined);
        assert.deepEqual(
          [request.method, request.target, request.version],
          ["POST", "/x", "HTTP/1.1"],
        );
        assert.equal(request.headers.get("host"), "localhost");
        assert.equal(request.body.toString(), body === "" ? "" : "hello");
      }
    });
  }

  it("refuses what is not HTTP", () => {
    for (const wrong of [
      "hello\r\n\r\n",
      "GET / HTTP/1.1\r\nno field\r\n\r\n",
      "GET / HTTP/1.1\r\nContent-Length: many\r\n\r\n",
      "GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nmany\r\n",
    ])
      assert.throws(() => new HttpRequestParser().feed(Buffer.from(wrong)), BadRequest);
  });
});

describe("forkserver", () => {
  it("answers each request in a process of its own, two at once, and cleans up", async () => {
    await using server = await startServer("forkserver");
    const answers = await askWithinAnother(server.port);
    const pids = answers.map((answer) => Number(/process (\d+) answers/.exec(answer)?.[1]));
    assert.equal(new Set([...pids, server.pid]).size, 3);
    await waitFor(
      () => "no child",
      () => server.children.running.length + server.children.zombies.length === 0,
    );
  });

  it("calls back with the body of the request", async () => {
    await using server = await startServer("forkserver");
    using client = new Client(server.port, "POST /x HTTP/1.1\r\nContent-Length: 11\r\n\r\nhello");
    client.send(" again");
    assert.match(await client.answer(), /answers POST \/x of unknown, 11 bytes of body\n$/);
  });

  it("refuses what is not HTTP, and serves on", async () => {
    await using server = await startServer("forkserver");
    assert.match(await ask(server.port, "hello\r\n\r\n"), /^HTTP\/1\.1 400 Bad Request\r\n/);
    assert.match(await ask(server.port), /^HTTP\/1\.1 200 OK\r\n/);
  });
});

function byteByByte(bytes: Buffer): HttpRequest | undefined {
  const parser = new HttpRequestParser();
  for (const [i, byte] of bytes.entries()) {
    const request = parser.feed(Buffer.of(byte));
    if (request !== undefined) return i === bytes.length - 1 ? request : undefined;
  }
  return undefined;
}
