// Connections that begin with a PROXY header (--proxy-protocol), through the whole server.

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { RawClient } from "../support/raw-client.ts";
import { message } from "../support/requests.ts";
import { ROOT, ServerUnderTest, startServer, waitFor } from "../support/server.ts";

const ECHO = join(ROOT, "test/apps/echo:app");
const V1 = "PROXY TCP4 192.0.2.1 192.0.2.9 3533 443\r\n";
const SIGNATURE = "\r\n\r\n\0\r\nQUIT\n";
const V2_LOCAL = `${SIGNATURE}\x20\x00\x00\x00`;
const V2_UNIX = `${SIGNATURE}\x21\x31\x00\xd8${"x".repeat(216)}`;
const V2_IPV6 = `${SIGNATURE}\x21\x21\x00\x24${`\x20\x01\x0d\xb8${"\0".repeat(11)}\x01`.repeat(2)}\x0d\xcd\x01\xbb`;

describe("--proxy-protocol", () => {
  const directory = ServerUnderTest.makeDirectory();
  const path = join(directory, "public.sock");
  let server: ServerUnderTest;
  before(async () => {
    server = new ServerUnderTest(ECHO, {
      directory,
      bind: ["127.0.0.1:0", `unix:${path}`],
      args: "--workers 1 --proxy-protocol --head-timeout 1s --access-log -"
        .split(" ")
        .concat("--forwarded-allow-ips", "127.0.0.1,unix,192.0.2.200"),
    });
    await server.ready();
  });
  after(async () => {
    await server.stop();
  });

  async function environBehind(
    header: string,
    fields: readonly string[] = [],
    to: number | string = server.port,
  ): Promise<Record<string, string | undefined>> {
    using client = new RawClient(to);
    client.send(header + ["GET / HTTP/1.1", "Host: a", ...fields].join("\r\n") + "\r\n\r\n");
    const answer = await client.response();
    assert.equal(answer.status, 200);
    return JSON.parse(answer.body.toString()).environ;
  }

  for (const [name, header, address, port] of [
    ["version 1", V1, "192.0.2.1", "3533"],
    ["version 2", V2_IPV6, "2001:db8::1", "3533"],
  ] as const) {
    it(`${name} names the client, of every request of the connection`, async () => {
      using client = new RawClient(server.port);
      client.send(header + message("GET", "/1") + message("GET", "/2"));
      for (let n = 0; n < 2; n++) {
        const { environ } = JSON.parse((await client.response()).body.toString());
        assert.equal(environ.REMOTE_ADDR, address);
        assert.equal(environ.REMOTE_PORT, port);
        assert.equal(environ.SERVER_PORT, String(server.port));
      }
    });
  }

  it("names it over a Unix socket too", async () => {
    assert.equal((await environBehind(V1, [], path))["REMOTE_ADDR"], "192.0.2.1");
  });

  it("may come in any pieces", async () => {
    for (const header of [V1, V2_IPV6]) {
      using client = new RawClient(server.port);
      await client.dribble(header + message("GET", "/"));
      const { environ } = JSON.parse((await client.response()).body.toString());
      assert.equal(environ.REMOTE_PORT, "3533");
    }
  });

  it("of the proxy itself, or of one who is not named, leaves the connection's own address", async () => {
    for (const header of [V2_LOCAL, V2_UNIX, "PROXY UNKNOWN\r\n"]) {
      const environ = await environBehind(header, ["X-Forwarded-For: 6.6.6.6"]);
      assert.equal(environ["REMOTE_ADDR"], "127.0.0.1");
    }
  });

  it("does not make the client's own fields count", async () => {
    const environ = await environBehind(V1, ["X-Forwarded-For: 6.6.6.6"]);
    assert.equal(environ["REMOTE_ADDR"], "192.0.2.1");
  });

  it("of another proxy that is trusted makes that one's fields count", async () => {
    const header = "PROXY TCP4 192.0.2.200 192.0.2.9 3533 443\r\n";
    const environ = await environBehind(header, ["X-Forwarded-For: 198.51.100.7"]);
    assert.equal(environ["REMOTE_ADDR"], "198.51.100.7");
  });

  for (const [name, bytes, words] of [
    [
      "no header",
      message("GET", "/"),
      /does not begin with a PROXY protocol header.*--proxy-protocol/,
    ],
    ["a malformed one", `PROXY TCP4 x\r\n${message("GET", "/")}`, /header is malformed/],
    ["one that is too long", `PROXY ${"x".repeat(200)}`, /header is malformed/],
  ] as const) {
    it(`closes a connection with ${name}, answers nothing, and logs why`, async () => {
      using client = new RawClient(server.port);
      client.send(bytes);
      await client.ended();
      assert.equal(client.receivedBytes, 0);
      await server.logged(words);
    });
  }

  it("has to come within --head-timeout", async () => {
    using client = new RawClient(server.port);
    client.send(V1.slice(0, 20));
    await client.ended();
    assert.equal(client.receivedBytes, 0);
  });

  it("shows the client in the access log", async () => {
    await environBehind("PROXY TCP4 192.0.2.99 192.0.2.9 1 2\r\n");
    await waitFor("the line", () => server.stdout.includes("192.0.2.99"));
  });

  it("lets the server end while a connection has not sent it", async () => {
    const other = new ServerUnderTest(ECHO, {
      args: ["--workers", "1", "--proxy-protocol", "--forwarded-allow-ips", "127.0.0.1"],
    });
    await using _ = other;
    await other.ready();
    using silent = new RawClient(other.port);
    using half = new RawClient(other.port);
    half.send(V1.slice(0, 20));
    using whole = new RawClient(other.port);
    whole.send(V1 + message("GET", "/"));
    await whole.response();
    await other.stop();
    for (const client of [silent, half]) await client.ended();
  });
});

describe("--proxy-protocol from a peer that is not trusted", () => {
  it("is refused: closed at once, and logged", async () => {
    const args = ["--proxy-protocol", "--forwarded-allow-ips", "192.0.2.1"];
    await using server = await startServer("echo:app", { args });
    using client = new RawClient(server.port);
    client.send(V1 + message("GET", "/"));
    await client.ended();
    assert.equal(client.receivedBytes, 0);
    await server.logged(/Only trusted proxies may connect here.*--forwarded-allow-ips/);
  });

  it("without the option the header is no HTTP", async () => {
    await using server = await startServer("echo:app");
    using client = new RawClient(server.port);
    client.send(V1 + message("GET", "/"));
    assert.equal((await client.response()).status, 400);
  });
});
