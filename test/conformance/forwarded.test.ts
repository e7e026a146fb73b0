// What an application finds in its environ behind trusted proxies, and that nobody else can put it there (--forwarded-allow-ips).

import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { RawClient, type RawResponse, rawRequest } from "../support/raw-client.ts";
import { ROOT, ServerUnderTest, waitFor } from "../support/server.ts";

const ECHO = join(ROOT, "test/apps/echo:app");
const FIELDS = [
  "X-Forwarded-For: 6.6.6.6, 192.0.2.7:1234",
  "X-Forwarded-Proto: https",
  "X-Forwarded-Host: shop.example",
  "X-Forwarded-Prefix: /shop",
  "Forwarded: for=192.0.2.8;proto=http",
];

type Environ = Record<string, string | undefined>;
type Target = ConstructorParameters<typeof RawClient>[0];

function requestOf(fields: readonly string[], target = "/cart"): string {
  return `${[`GET ${target} HTTP/1.1`, "Host: own.example", ...fields].join("\r\n")}\r\n\r\n`;
}

function seenIn(answer: RawResponse): { environ: Environ; scheme: string } {
  assert.equal(answer.status, 200);
  const { environ, wsgi } = JSON.parse(answer.body.toString());
  return { environ, scheme: wsgi["wsgi.url_scheme"] };
}

async function seen(to: Target, fields: readonly string[], target?: string) {
  return seenIn(await rawRequest(to, requestOf(fields, target)));
}

describe("behind a trusted proxy", () => {
  const directory = ServerUnderTest.makeDirectory();
  const path = join(directory, "public.sock");
  const accessLog = join(directory, "access.log");
  let server: ServerUnderTest;
  before(async () => {
    const bind = ["127.0.0.1:0", `unix:${path}`];
    const args = ["--workers", "1", "--forwarded-allow-ips", "127.0.0.0/8,unix"];
    server = new ServerUnderTest(ECHO, {
      directory,
      bind,
      args: [...args, "--access-log", accessLog],
    });
    await server.ready();
  });
  after(async () => {
    await server.stop();
  });

  for (const kind of ["TCP", "a Unix socket"]) {
    it(`the client, its scheme, host and prefix are in the environ, over ${kind}`, async () => {
      const to = kind === "TCP" ? server.port : path;
      const { environ, scheme } = await seen(to, FIELDS);
      assert.equal(scheme, "https");
      assert.equal(environ["HTTPS"], "on");
      assert.equal(environ["REMOTE_ADDR"], "192.0.2.7");
      assert.equal(environ["REMOTE_PORT"], "1234");
      assert.equal(environ["HTTP_HOST"], "shop.example");
      assert.equal(environ["SERVER_NAME"], "shop.example");
      assert.equal(environ["SERVER_PORT"], "443");
      assert.equal(environ["SCRIPT_NAME"], "/shop");
      assert.equal(environ["PATH_INFO"], "/cart");
    });
  }

  it("the fields themselves stay", async () => {
    const { environ } = await seen(server.port, FIELDS);
    assert.equal(environ["HTTP_X_FORWARDED_FOR"], "6.6.6.6, 192.0.2.7:1234");
    assert.equal(environ["HTTP_X_FORWARDED_HOST"], "shop.example");
    assert.equal(environ["HTTP_FORWARDED"], "for=192.0.2.8;proto=http");
  });

  it("each request of a connection has its own client", async () => {
    using client = new RawClient(server.port);
    const addresses: (string | undefined)[] = [];
    for (const fields of [["X-Forwarded-For: 192.0.2.1"], [], ["X-Forwarded-For: 192.0.2.2"]]) {
      client.send(requestOf(fields));
      addresses.push(seenIn(await client.response()).environ["REMOTE_ADDR"]);
    }
    assert.deepEqual(addresses, ["192.0.2.1", "127.0.0.1", "192.0.2.2"]);
  });

  it("a forwarded host takes the place of Host and of an absolute target", async () => {
    const fields = ["X-Forwarded-Host: shop.example:8443"];
    const { environ } = await seen(server.port, fields, "http://target.example/cart");
    assert.equal(environ["HTTP_HOST"], "shop.example:8443");
    assert.equal(environ["SERVER_PORT"], "8443");
    assert.equal(environ["PATH_INFO"], "/cart");
  });

  it("a request without the fields is the proxy's own", async () => {
    const { environ, scheme } = await seen(server.port, []);
    assert.equal(scheme, "http");
    assert.equal(environ["HTTPS"], undefined);
    assert.equal(environ["REMOTE_ADDR"], "127.0.0.1");
    assert.equal(environ["HTTP_HOST"], "own.example");
    assert.equal(environ["SERVER_PORT"], String(server.port));
    assert.equal(environ["SCRIPT_NAME"], "");
  });

  it("names with an underscore are not the fields, and are dropped", async () => {
    const { environ, scheme } = await seen(server.port, [
      "X_Forwarded_For: 192.0.2.1",
      "X_Forwarded-Proto: https",
    ]);
    assert.equal(scheme, "http");
    assert.equal(environ["REMOTE_ADDR"], "127.0.0.1");
    assert.equal(environ["HTTP_X_FORWARDED_FOR"], undefined);
    assert.equal(environ["HTTP_X_FORWARDED_PROTO"], undefined);
  });

  it("what cannot be understood is refused with 400, and the log says what to do", async () => {
    for (const field of [
      "X-Forwarded-For: x",
      "X-Forwarded-Proto: ftp",
      "X-Forwarded-Prefix: //a",
    ]) {
      assert.equal((await rawRequest(server.port, requestOf([field]))).status, 400, field);
    }
    await server.logged(/400 .*--forwarded-headers/);
  });

  it("a body behind such a head arrives, sized and chunked", async () => {
    const field = "X-Forwarded-For: 192.0.2.9";
    for (const [framing, body] of [
      ["Content-Length: 4", "body"],
      ["Transfer-Encoding: chunked", "4\r\nbody\r\n0\r\n\r\n"],
    ]) {
      const head = `POST / HTTP/1.1\r\nHost: a\r\n${field}\r\n${framing}\r\n\r\n`;
      const answer = await rawRequest(server.port, head + body);
      const { environ, body: got } = JSON.parse(answer.body.toString());
      assert.equal(environ.REMOTE_ADDR, "192.0.2.9");
      assert.equal(environ.CONTENT_LENGTH, "4");
      assert.equal(got.text, "body");
    }
  });

  it("the access log shows the client", async () => {
    await seen(server.port, ["X-Forwarded-For: 192.0.2.77"], "/logged");
    await waitFor("the line", () => {
      if (!existsSync(accessLog)) return false;
      const lines = readFileSync(accessLog, "utf8").split("\n");
      return lines.some((line) => line.includes("/logged") && line.includes("192.0.2.77"));
    });
  });
});

describe("without trust", () => {
  for (const [trusted, args] of [
    ["nobody", []],
    ["somebody else", ["--forwarded-allow-ips", "192.0.2.0/24,unix"]],
  ] as const) {
    it(`the fields have no effect and pass as what they are: ${trusted} is trusted`, async () => {
      await using server = new ServerUnderTest(ECHO, { args });
      await server.ready();
      const { environ, scheme } = await seen(server.port, FIELDS);
      assert.equal(scheme, "http");
      assert.equal(environ["HTTPS"], undefined);
      assert.equal(environ["REMOTE_ADDR"], "127.0.0.1");
      assert.equal(environ["HTTP_HOST"], "own.example");
      assert.equal(environ["SERVER_NAME"], "127.0.0.1");
      assert.equal(environ["SERVER_PORT"], String(server.port));
      assert.equal(environ["SCRIPT_NAME"], "");
      assert.equal(environ["HTTP_X_FORWARDED_FOR"], "6.6.6.6, 192.0.2.7:1234");
      assert.equal(environ["HTTP_X_FORWARDED_PROTO"], "https");
      // Not refused either: it is the application's own business.
      assert.equal((await rawRequest(server.port, requestOf(["X-Forwarded-For: x"]))).status, 200);
    });
  }
});

describe("whose address nobody knows", () => {
  const WAYS = [
    ["direct sockets", "auto"],
    ["sockets of Node's", "off"],
  ] as const;
  for (const [name, value] of WAYS) {
    it(`one that was reset before it was accepted is no Unix socket's: ${name}`, async () => {
      const directory = ServerUnderTest.makeDirectory();
      const accessLog = join(directory, "access.log");
      const args = ["--direct-sockets", value, "--forwarded-allow-ips", "unix"];
      await using server = new ServerUnderTest(ECHO, {
        directory,
        args: [...args, "--access-log", accessLog],
      });
      await server.ready();
      server.signal("SIGSTOP");
      using client = new RawClient(server.port);
      await once(client.socket, "connect");
      const request = requestOf(["X-Forwarded-For: 6.6.6.6"], "/forged");
      await new Promise((resolve) => client.socket.write(request, resolve));
      client.socket.resetAndDestroy();
      await once(client.socket, "close");
      server.signal("SIGCONT");
      await seen(server.port, [], "/last");
      const lines = await waitFor("the last line", () => {
        const text = existsSync(accessLog) ? readFileSync(accessLog, "utf8") : "";
        return text.includes("/last") && text;
      });
      assert.doesNotMatch(lines, /6\.6\.6\.6/);
    });
  }
});

describe("--forwarded-headers", () => {
  it("forwarded: RFC 7239 counts, and X-Forwarded does not", async () => {
    const args = ["--forwarded-allow-ips", "127.0.0.1", "--forwarded-headers", "forwarded"];
    await using server = new ServerUnderTest(ECHO, { args });
    await server.ready();
    const { environ, scheme } = await seen(server.port, [
      'Forwarded: for=6.6.6.6, for="[2001:db8::7]:99";proto=https;host=shop.example',
      "X-Forwarded-For: 192.0.2.7",
      "X-Forwarded-Prefix: /shop",
    ]);
    assert.equal(scheme, "https");
    assert.equal(environ["REMOTE_ADDR"], "2001:db8::7");
    assert.equal(environ["REMOTE_PORT"], "99");
    assert.equal(environ["HTTP_HOST"], "shop.example");
    assert.equal(environ["SCRIPT_NAME"], "");
    assert.equal((await rawRequest(server.port, requestOf(['Forwarded: for="']))).status, 400);
  });

  it("only the fields that are named count", async () => {
    const args = ["--forwarded-allow-ips", "*", "--forwarded-headers", "x-forwarded-for"];
    await using server = new ServerUnderTest(ECHO, { args });
    await server.ready();
    const { environ, scheme } = await seen(server.port, FIELDS);
    assert.equal(scheme, "http");
    assert.equal(environ["REMOTE_ADDR"], "192.0.2.7");
    assert.equal(environ["HTTP_HOST"], "own.example");
    assert.equal(environ["SCRIPT_NAME"], "");
  });

  it("* trusts whoever connects, and no hop behind it", async () => {
    await using server = new ServerUnderTest(ECHO, { args: ["--forwarded-allow-ips", "*"] });
    await server.ready();
    const { environ } = await seen(server.port, ["X-Forwarded-For: 6.6.6.6, 127.0.0.1"]);
    assert.equal(environ["REMOTE_ADDR"], "127.0.0.1");
  });
});
