// Connections as a whole: half-closed, reset, too many, on other kinds of sockets, and at the end of the server.

import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { describe, it } from "node:test";
import { get, spoolFiles, stateOf, stateWith } from "../support/answers-app.ts";
import { pattern } from "../support/pattern.ts";
import { tcpSocketsOf } from "../support/processes.ts";
import { RawClient, rawRequest } from "../support/raw-client.ts";
import { ROOT, ServerUnderTest, startServer, waitFor } from "../support/server.ts";

function serve(...args: string[]): Promise<ServerUnderTest> {
  return startServer("answers:app", { args: ["--workers", "2", "--threads", "4", ...args] });
}

/** The state is that of one process. */
function serveOne(...args: string[]): Promise<ServerUnderTest> {
  return startServer("answers:app", { args: ["--workers", "1", "--threads", "4", ...args] });
}

/** It has begun to read a large answer, of which the rest is in a file by now, and is paused. */
async function slowReader(server: ServerUnderTest, requests: string): Promise<RawClient> {
  const client = new RawClient(server.port);
  client.send(requests);
  await client.bytes(1);
  client.pause();
  await waitFor("the answer's file", () => spoolFiles(server).length === 1);
  return client;
}

describe("a client that half-closes", () => {
  it("is served: one request, two requests, a body, a long answer", async () => {
    await using server = await serve();
    const upload = "POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc";
    for (const [requests, count] of [
      [get("/list?n=5"), 1],
      [get("/list?n=5") + get("/stream?n=100000") + upload, 3],
      [get("/stream?n=20000000"), 1],
    ] as const) {
      using client = new RawClient(server.port);
      client.send(requests);
      client.end();
      for (let i = 0; i < count; i++) {
        const answer = await client.response();
        assert.equal(answer.status, 200);
        assert.ok(answer.isWhole);
      }
      await client.ended();
      assert.equal(client.received.length, 0);
      assert.equal(client.error, undefined);
    }
  });

  it("is served while its application runs, which is told that it left", async () => {
    await using server = await serveOne();
    using client = new RawClient(server.port);
    client.send(get("/watch"));
    await stateWith(server.port, "the application", ({ watching }) => watching === true);
    client.end();
    assert.equal((await client.response()).body.toString(), "alone");
    assert.equal((await stateOf(server.port)).disconnected, 1);
  });

  it("gets what it has asked for, though half a request stands behind it", async () => {
    await using server = await serve();
    for (const half of ["GET /", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhal"]) {
      using client = new RawClient(server.port);
      client.send(get("/stream?n=30000&piece=10000") + half);
      client.end();
      assert.ok((await client.response()).body.equals(pattern(30_000)));
      await client.ended();
      assert.equal(client.received.length, 0);
    }
  });

  it("gets the answer that is on its way when the next one has waited too long", async () => {
    await using server = await startServer("answers:app", {
      args: ["--workers", "1", "--response-memory", "64m"],
    });
    using first = new RawClient(server.port);
    first.send(get("/watch"));
    await new Promise((resolve) => setTimeout(resolve, 200));
    using client = new RawClient(server.port);
    client.send(get("/list?n=20000000") + get("/watch"));
    client.pause();
    client.end();
    await waitFor("its FIN to be read", () => server.halfClosedConnections === 1);
    // Between the two: it holds the only worker.
    using between = new RawClient(server.port);
    between.send(get("/watch"));
    await new Promise((resolve) => setTimeout(resolve, 200));
    first.end();
    assert.equal((await first.response()).status, 200);
    await new Promise((resolve) => setTimeout(resolve, 2500));
    between.end();
    assert.equal((await between.response()).status, 200);
    // The second one was given up and is not run, though there is a worker for it now.
    assert.equal((await stateOf(server.port)).disconnected, 2);
    client.resume();
    const answer = await client.response("GET", 60_000);
    assert.ok(answer.isWhole);
    assert.ok(answer.body.equals(pattern(20_000_000)));
    await client.ended();
    assert.equal(client.received.length, 0);
  });

  it("is noticed also behind a body that went to a file", async () => {
    await using server = await serveOne("--body-memory", "0");
    using client = new RawClient(server.port);
    client.send("POST /watch HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\n");
    client.send(pattern(3_000_000));
    await stateWith(server.port, "the application", ({ watching }) => watching === true);
    client.end();
    assert.equal((await client.response()).body.toString(), "alone");
    assert.equal((await stateOf(server.port)).disconnected, 1);
  });

  it("is served a large answer behind one that it reads slowly", async () => {
    await using server = await startServer("answers:app", {
      args: ["--workers", "1", "--response-memory", "64k"],
    });
    const requests = get("/list?n=20000000") + get("/list?n=1000") + get("/list?n=7");
    using client = await slowReader(server, requests);
    // The only worker is done with it, and the server has seen the end.
    await rawRequest(server.port, get("/list?n=1"));
    client.end();
    await rawRequest(server.port, get("/list?n=1"));
    client.resume();
    for (const length of [20_000_000, 1000, 7]) {
      assert.ok((await client.response()).body.equals(pattern(length)));
    }
  });
});

function closing(line: string, rest: string = "\r\n"): string {
  return `${line} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${rest}`;
}

describe("a client that says Connection: close", () => {
  it("costs no descriptor any more when it has its answer, though it does not close its side", async () => {
    await using server = await serve();
    for (const request of [closing("GET /list?n=1000"), "GET /list?n=1000 HTTP/1.0\r\n\r\n"]) {
      using client = new RawClient(server.port);
      client.send(request);
      assert.ok((await client.response()).body.equals(pattern(1000)));
      await client.ended();
      const held = tcpSocketsOf(server.pid).filter(({ port }) => port === server.port);
      assert.deepEqual(held, [{ port: server.port, state: "LISTEN" }]);
    }
  });

  it("gets all of a large answer that it reads slowly", async () => {
    await using server = await serve();
    using client = await slowReader(server, closing("GET /list?n=20000000"));
    client.resume();
    assert.ok((await client.response()).body.equals(pattern(20_000_000)));
    await client.ended();
    assert.equal(client.error, undefined);
  });

  it("gets all of its answer also when it sends on, against the rules", async () => {
    await using server = await serve();
    using client = await slowReader(server, closing("GET /list?n=20000000"));
    const sendOn = (): void => {
      client.send("more");
    };
    sendOn();
    client.socket.on("data", sendOn);
    client.resume();
    assert.ok((await client.response()).body.equals(pattern(20_000_000)));
    assert.equal(client.error, undefined);
  });

  it("may send empty lines behind a body, as old ones do: that resets nothing", async () => {
    await using server = await serve();
    using client = new RawClient(server.port);
    client.send(closing("POST /upload", "Content-Length: 3\r\n\r\nabc"));
    assert.equal((await client.response()).status, 200);
    await client.ended();
    client.send("\r\n");
    // Until then a reset would have come; the next write meets it.
    await rawRequest(server.port, get("/list?n=1"));
    client.send("\r\n");
    client.end();
    await once(client.socket, "close");
    assert.equal(client.error, undefined);
  });
});

describe("a client that resets", () => {
  it("ends a generator in the middle of its answer: close() is called", async () => {
    await using server = await serveOne();
    using client = new RawClient(server.port);
    client.send(get("/stream?n=4000000000"));
    await client.bytes(1_000_000);
    client.reset();
    const state = await stateWith(server.port, "close()", ({ closed }) => closed === 1);
    assert.ok(state.produced < 4_000_000_000);
  });

  it("makes rickhouse.client_disconnected true", async () => {
    await using server = await serveOne();
    using client = new RawClient(server.port);
    client.send(get("/watch"));
    await stateWith(server.port, "the application", ({ watching }) => watching === true);
    client.reset();
    await stateWith(server.port, "its word", ({ disconnected }) => disconnected === 1);
  });

  it("leaves no file behind when its body went to one", async () => {
    await using server = await serveOne("--body-memory", "0");
    using client = new RawClient(server.port);
    client.send("POST /watch HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\n");
    client.send(pattern(3_000_000));
    await stateWith(server.port, "the application", ({ watching }) => watching === true);
    client.reset();
    await stateWith(server.port, "its word", ({ disconnected }) => disconnected === 1);
    await waitFor("no file", () => spoolFiles(server).length === 0);
  });

  it("leaves nothing behind while its request waits for a worker", async () => {
    await using server = await startServer("answers:app", {
      args: ["--workers", "1", "--body-memory", "0"],
    });
    const gate = join(server.temporaryDirectory, "gate");
    using busy = new RawClient(server.port);
    busy.send(get(`/gate?path=${gate}`));
    using client = new RawClient(server.port);
    client.send("POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nnever run");
    await waitFor("its file", () => spoolFiles(server).length === 1);
    client.reset();
    await waitFor("no file", () => spoolFiles(server).length === 0);
    writeFileSync(gate, "");
    assert.equal((await busy.response()).body.toString(), "open");
    assert.equal((await stateOf(server.port)).calls, 1);
  });

  it("harms nobody, in whatever state it does so", async () => {
    await using server = await serve();
    const starts = ["", "GET /", get("/list?n=9"), get("/stream?n=9000000"), get("/raise?n=99999")];
    starts.push("POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf");
    for (let i = 0; i < 120; i++) {
      using client = new RawClient(server.port);
      client.send(starts[i % starts.length] ?? "");
      if (i % 3 === 0) await new Promise((resolve) => client.socket.once("connect", resolve));
      if (i % 2 === 0) client.reset();
    }
    assert.equal((await rawRequest(server.port, get("/list?n=1"))).status, 200);
  });
});

/** A client whose one request was answered. */
async function idleClient(server: ServerUnderTest): Promise<RawClient> {
  const client = new RawClient(server.port);
  client.send(get("/list?n=1"));
  assert.equal((await client.response()).status, 200);
  return client;
}

describe("--max-connections", () => {
  it("ends the connection that has been idle longest to make room for a new one", async () => {
    await using server = await serve("--max-connections", "8");
    const clients: RawClient[] = [];
    for (let i = 0; i < 12; i++) clients.push(await idleClient(server));
    for (const client of clients.slice(0, 4)) await client.ended();
    assert.deepEqual(
      clients.map(({ hasEnded }) => hasEnded),
      clients.map((_, index) => index < 4),
    );
    for (const client of clients) client[Symbol.dispose]();
  });

  it("makes room for each of several that come at once", async () => {
    await using server = await serve("--max-connections", "8");
    const idle: RawClient[] = [];
    for (let i = 0; i < 8; i++) idle.push(await idleClient(server));
    // They are connected by the kernel, and the front finds them all in one turn.
    server.signal("SIGSTOP");
    const burst = Array.from({ length: 6 }, () => new RawClient(server.port));
    await Promise.all(burst.map(({ socket }) => once(socket, "connect")));
    server.signal("SIGCONT");
    for (const client of burst) {
      client.send(get("/list?n=1"));
      assert.equal((await client.response()).status, 200);
    }
    for (const client of [...idle, ...burst]) client[Symbol.dispose]();
  });

  it("finds who is idle behind many that read slowly", async () => {
    const limits = ["--max-connections", "24", "--response-memory", "64m", "--buffer-memory", "1g"];
    await using server = await serve(...limits);
    const slow = Array.from({ length: 17 }, () => new RawClient(server.port));
    for (const client of slow) {
      client.send(get("/list?n=8000000"));
      await client.bytes(1);
      client.pause();
    }
    const idle: RawClient[] = [];
    for (let i = 0; i < 8; i++) idle.push(await idleClient(server));
    assert.ok(slow.every(({ hasEnded }) => !hasEnded));
    for (const client of [...slow, ...idle]) client[Symbol.dispose]();
  });

  it("never ends one that is at work, and refuses new ones then", async () => {
    await using server = await serve("--max-connections", "8");
    const gate = join(server.temporaryDirectory, "gate");
    const busy = Array.from({ length: 8 }, () => new RawClient(server.port));
    for (const client of busy) client.send(get(`/gate?path=${gate}`));
    using refused = new RawClient(server.port);
    await refused.ended();
    assert.equal(refused.received.length, 0);
    writeFileSync(gate, "");
    for (const client of busy) assert.equal((await client.response()).body.toString(), "open");
    using again = await idleClient(server);
    assert.equal(again.hasEnded, false);
    for (const client of busy) client[Symbol.dispose]();
  });
});

const APP = join(ROOT, "test/apps/answers:app");

async function serveAt(directory: string, ...args: string[]): Promise<ServerUnderTest> {
  const server = new ServerUnderTest(APP, { directory, args: ["--workers", "1", ...args] });
  return server.ready();
}

describe("where the server listens", () => {
  it("a Unix socket, removed at the end; a broken answer on it ends its connection", async () => {
    const directory = ServerUnderTest.makeDirectory();
    const path = join(directory, "public.sock");
    await using server = await serveAt(directory, "--bind", `unix:${path}`);
    assert.ok((await rawRequest(path, get("/stream?n=3000000"))).body.equals(pattern(3_000_000)));
    assert.equal((await rawRequest(path, get("/raise?n=10"))).isWhole, false);
    using old = new RawClient(path);
    old.send("GET /raise?n=10 HTTP/1.0\r\n\r\n");
    await old.ended(); // There is no reset to be had here.
    assert.equal((await rawRequest(path, get("/list?n=1"))).status, 200);
    await server.stop();
    assert.equal(existsSync(path), false);
  });

  it("a Unix socket that a killed server left behind is replaced", async () => {
    const directory = ServerUnderTest.makeDirectory();
    const path = join(directory, "public.sock");
    const killed = new ServerUnderTest(APP, { args: ["--bind", `unix:${path}`] });
    await killed.ready();
    killed.signal("SIGKILL");
    await killed.exited();
    await killed[Symbol.asyncDispose]();
    assert.ok(existsSync(path), "else there is nothing to replace");
    await using _ = await serveAt(directory, "--bind", `unix:${path}`);
    assert.equal((await rawRequest(path, get("/list?n=1"))).status, 200);
  });

  it("a Unix socket that is served is left alone: exit 4", async () => {
    const directory = ServerUnderTest.makeDirectory();
    const path = join(directory, "public.sock");
    await using _ = await serveAt(directory, "--bind", `unix:${path}`);
    await using second = new ServerUnderTest(APP, { args: ["--bind", `unix:${path}`] });
    assert.deepEqual(await second.exited(), { code: 4, signal: null });
    assert.match(second.stderr, /^rickhouse: [^\n]*public\.sock[^\n]*\n$/);
    assert.equal((await rawRequest(path, get("/list?n=1"))).status, 200);
  });

  it("a file that is no socket is left alone: exit 4", async () => {
    const directory = ServerUnderTest.makeDirectory();
    const path = join(directory, "file");
    writeFileSync(path, "precious");
    await using server = new ServerUnderTest(APP, { directory, args: ["--bind", `unix:${path}`] });
    assert.equal((await server.exited()).code, 4);
    assert.equal(readFileSync(path, "utf8"), "precious");
  });

  it("a port that is served is refused: exit 4, and nothing is left of the other address", async () => {
    const directory = ServerUnderTest.makeDirectory();
    const path = join(directory, "public.sock");
    await using first = await serve();
    const port = String(first.port);
    await using second = new ServerUnderTest(APP, {
      directory,
      args: ["--bind", `unix:${path}`, "--bind", `127.0.0.1:${port}`],
    });
    assert.equal((await second.exited()).code, 4);
    assert.match(second.stderr, new RegExp(`^rickhouse: [^\n]*${port}[^\n]*\n$`));
    assert.equal(existsSync(path), false);
  });

  it("IPv6", async () => {
    await using server = await startServer("echo:app", { args: ["--bind", "[::1]:0"] });
    const { port } = server;
    assert.ok(server.stderr.includes(`at http://[::1]:${port} (`));
    const answer = await rawRequest({ host: "::1", port }, get("/"));
    const { environ } = JSON.parse(answer.body.toString());
    assert.equal(environ.REMOTE_ADDR, "::1");
    assert.equal(environ.SERVER_NAME, "[::1]");
    assert.equal(environ.SERVER_PORT, String(port));
  });

  it("two addresses at once", async () => {
    const directory = ServerUnderTest.makeDirectory();
    const path = join(directory, "public.sock");
    await using server = await serveAt(
      directory,
      "--bind",
      "127.0.0.1:0",
      "--bind",
      `unix:${path}`,
    );
    assert.equal((await rawRequest(server.port, get("/list?n=1"))).status, 200);
    assert.equal((await rawRequest(path, get("/list?n=1"))).status, 200);
  });
});

describe("the end of the server", () => {
  it("finishes what runs, ends what is idle, takes nothing new", async () => {
    const server = await serve();
    const gate = join(server.temporaryDirectory, "gate");
    using running = new RawClient(server.port);
    running.send(get(`/gated-stream?path=${gate}`));
    await running.bytes(1);
    using waiting = new RawClient(server.port);
    waiting.send(get(`/gate?path=${gate}`) + get("/list?n=3"));
    using idle = new RawClient(server.port);
    idle.send(get("/list?n=1"));
    await idle.response();
    using silent = new RawClient(server.port);
    using half = new RawClient(server.port);
    half.send("POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nha");
    // All have been accepted and read.
    await rawRequest(server.port, get("/list?n=1"));
    const { port } = server;
    server.signal("SIGTERM");
    await server.logged("SIGTERM");
    await waitFor("a closed port", () => isRefused(port));
    await idle.ended();
    await silent.ended();
    assert.equal(idle.error, undefined);
    assert.equal(running.hasEnded || waiting.hasEnded || half.hasEnded, false);
    writeFileSync(gate, "");
    half.send("lf");
    const streamed = await running.response();
    assert.equal(streamed.body.toString(), "firstsecond");
    assert.equal((await waiting.response()).body.toString(), "open");
    // It was there before the end, and is served; the last one says that it is the last.
    const last = await waiting.response();
    assert.equal(last.body.length, 3);
    assert.equal(last.fields.get("connection"), "close");
    const uploaded = await half.response();
    assert.equal(uploaded.status, 200);
    assert.equal(uploaded.fields.get("connection"), "close");
    for (const client of [running, waiting, half]) await client.ended();
    assert.deepEqual(await server.exited(), { code: 0, signal: null });
    await server[Symbol.asyncDispose]();
  });

  it("a request on an idle connection that crosses the signal is served", async () => {
    const server = await serve();
    using client = new RawClient(server.port);
    client.send(get("/list?n=1"));
    await client.response();
    server.signal("SIGTERM");
    client.send(get("/list?n=2"));
    const answer = await client.response();
    assert.equal(answer.body.length, 2);
    await client.ended();
    assert.equal((await server.exited()).code, 0);
    await server[Symbol.asyncDispose]();
  });

  it("--graceful-timeout cuts what still runs, and it does not look whole", async () => {
    const server = await serve("--graceful-timeout", "1s");
    const never = join(server.temporaryDirectory, "never");
    using chunked = new RawClient(server.port);
    chunked.send(get(`/gated-stream?path=${never}`));
    using old = new RawClient(server.port);
    old.send(`GET /gated-stream?path=${never} HTTP/1.0\r\n\r\n`);
    await chunked.bytes(1);
    await old.bytes(1);
    server.signal("SIGTERM");
    await old.closed();
    assert.equal(old.error?.code, "ECONNRESET");
    await chunked.closed();
    assert.notEqual((await chunked.response().catch(() => undefined))?.isWhole, true);
    assert.equal((await server.exited()).code, 0);
    await server[Symbol.asyncDispose]();
  });

  it("a slow reader gets the rest of its answer", async () => {
    const server = await serve();
    using slow = new RawClient(server.port);
    slow.send(get("/list?n=20000000"));
    await slow.bytes(1);
    slow.pause();
    await waitFor("the answer's file", () => spoolFiles(server).length === 1);
    server.signal("SIGTERM");
    await server.logged("SIGTERM");
    slow.resume();
    assert.ok((await slow.response()).body.equals(pattern(20_000_000)));
    assert.equal((await server.exited()).code, 0);
    await server[Symbol.asyncDispose]();
  });
});

function isRefused(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("connect", () => {
      socket.destroy();
      resolve(false);
    });
    socket.on("error", () => resolve(true));
  });
}
