// Clients that read slowly or not at all: what waits for them is bounded and stays byte-exact, and no worker waits with it.

import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { connect } from "node:net";
import { describe, it } from "node:test";
import { ADMIN_ARGS, adminPort, askJson } from "../support/admin.ts";
import { get, spoolFiles, stateOf, stateWith } from "../support/answers-app.ts";
import { pattern } from "../support/pattern.ts";
import { RawClient, rawRequest } from "../support/raw-client.ts";
import { type ServerUnderTest, startServer, waitFor } from "../support/server.ts";

const MIB = 2 ** 20;
/** Far more than the kernel keeps for a connection. */
const LARGE = 40 * MIB;

function serve(...args: string[]): Promise<ServerUnderTest> {
  return startServer("answers:app", { args: ["--workers", "1", ...args] });
}

/** A client that has read the start of an answer and nothing since. */
async function stalled(server: ServerUnderTest, request: string): Promise<RawClient> {
  const client = new RawClient(server.port);
  client.send(request);
  await client.bytes(1);
  client.pause();
  return client;
}

/** Reads on, and wants all of it. */
async function readAll(client: RawClient, length: number): Promise<void> {
  client.resume();
  const answer = await client.response("GET", 60_000);
  assert.ok(answer.isWhole);
  assert.ok(answer.body.equals(pattern(length)));
}

describe("a slow reader", () => {
  for (const kind of ["list", "stream"]) {
    it(`does not hold the only worker (${kind} of 40 MiB)`, async () => {
      await using server = await serve();
      using slow = await stalled(server, get(`/${kind}?n=${LARGE}`));
      // The worker is free again though most of its answer is unread.
      assert.equal((await rawRequest(server.port, get("/list?n=1"))).status, 200);
      await waitFor("the answer's file", () => spoolFiles(server).length === 1);
      await readAll(slow, LARGE);
      await waitFor("the file's end", () => spoolFiles(server).length === 0);
    });
  }

  it("gets all of a last answer, however long that takes, before the connection ends", async () => {
    await using server = await serve("--response-memory", "64m");
    using slow = await stalled(server, get("/list?n=20000000", "Connection: close\r\n"));
    // Longer than the server goes on reading behind a last answer: nothing else tells that it did not give up.
    await new Promise((resolve) => setTimeout(resolve, 3500));
    await readAll(slow, 20_000_000);
    await slow.ended();
  });

  it("is cut when it stops, however little the server still has for it", async () => {
    const args = ["--send-timeout", "1s", "--keep-alive-timeout", "1s", "--response-memory", "64k"];
    await using server = await serve(...args, ...ADMIN_ARGS);
    const port = await adminPort(server);
    // The last bytes of each file meet another state of the kernel's buffers.
    const clients = Array.from({ length: 12 }, (_, index) => {
      const client = connect(server.port, "127.0.0.1");
      client.on("error", () => {});
      client.write(get(`/list?n=${7 * MIB + index * 5000}`));
      return client;
    });
    await waitFor("all files", () => spoolFiles(server).length === clients.length, 60_000);
    while (spoolFiles(server).length > 0) {
      for (const client of clients) client.read(16 * 1024);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    const connections = async (): Promise<number> => {
      const status = await askJson<{ connections: { open: number } }>(port, "/status");
      return status.connections.open;
    };
    await waitFor("the end of all connections", async () => (await connections()) === 0);
    for (const client of clients) client.destroy();
  });

  it("is cut behind a last answer too, though it goes on sending", async () => {
    await using server = await serve("--send-timeout", "1s");
    using slow = await stalled(server, get(`/list?n=${LARGE}`, "Connection: close\r\n"));
    await waitFor("the answer's file", () => spoolFiles(server).length === 1);
    const sending = setInterval(() => {
      slow.send("x");
    }, 100);
    try {
      await waitFor("the file's end", () => spoolFiles(server).length === 0);
    } finally {
      clearInterval(sending);
    }
  });

  it("gets the answers to all that it had sent before a drain", async () => {
    await using server = await serve("--drain-idle", "50ms");
    using slow = await stalled(server, get(`/list?n=${LARGE}`) + get("/list?n=5"));
    await waitFor("the answer's file", () => spoolFiles(server).length === 1);
    // The worker is done with it: nothing but its reader holds the second request up.
    await rawRequest(server.port, get("/list?n=1"));
    server.signal("SIGTERM");
    await server.logged("SIGTERM: finishing");
    await new Promise((resolve) => setTimeout(resolve, 300)); // Several times --drain-idle.
    await readAll(slow, LARGE);
    await readAll(slow, 5);
    await slow.ended();
  });

  it("leaves no file behind when it resets", async () => {
    await using server = await serve();
    using slow = await stalled(server, get(`/stream?n=${LARGE}`));
    await waitFor("the answer's file", () => spoolFiles(server).length === 1);
    slow.reset();
    await waitFor("the file's end", () => spoolFiles(server).length === 0);
  });

  it("cannot make the server keep what it sends meanwhile", async () => {
    await using server = await serve("--response-memory", "64k");
    using slow = await stalled(server, get(`/list?n=${LARGE}`));
    await waitFor("the answer's file", () => spoolFiles(server).length === 1);
    // The worker is done with it: nothing but its reader holds the connection up.
    await rawRequest(server.port, get("/list?n=1"));
    // 64 MiB of requests: the kernel keeps a part, the server 32 KiB.
    const requests = Buffer.from(get("/list?n=0", `X: ${"x".repeat(4000)}\r\n`).repeat(256));
    for (let i = 0; i < 64; i++) slow.send(requests);
    let last = -1;
    await waitFor("an end of what is taken", async () => {
      const { writableLength } = slow.socket;
      const hasStopped = writableLength === last;
      last = writableLength;
      // The server has had its turn at what was there.
      for (let i = 0; i < 20; i++) await rawRequest(server.port, get("/list?n=1"));
      return hasStopped;
    });
    assert.ok(last > 2 ** 25, `${last} bytes were not taken`);
  });
});

describe("limits of what waits for slow readers", () => {
  const LIMITS = [
    ["--response-memory", "1k"],
    ["--response-file", "0"],
    ["--response-file", "100k"],
    ["--response-memory", "1k", "--response-file", "64k"],
    ["--temp-disk", "0"],
    ["--temp-disk", "300k", "--response-memory", "64k"],
    ["--buffer-memory", "1m"],
    ["--buffer-memory", "1m", "--temp-disk", "1m", "--response-memory", "1k"],
  ];
  for (const limits of LIMITS) {
    it(`keep every byte: ${limits.join(" ")}`, async () => {
      await using server = await serve(...limits);
      using list = await stalled(server, get("/list?n=16000000"));
      using stream = new RawClient(server.port);
      stream.send(get("/stream?n=16000000&piece=100000"));
      using small = new RawClient(server.port);
      small.send(get("/stream?n=300000&piece=1000"));
      await readAll(list, 16_000_000);
      await readAll(stream, 16_000_000);
      await readAll(small, 300_000);
      await waitFor("no file", () => spoolFiles(server).length === 0);
    });
  }

  it("hold the worker back, and let it go on when the reader does", async () => {
    await using server = await serve("--threads", "2", "--response-file", "1m");
    using slow = await stalled(server, get(`/stream?n=${LARGE}`));
    let last = -1;
    const held = await stateWith(server.port, "a worker that waits", ({ produced }) => {
      const isHeld = produced > 0 && produced === last;
      last = produced;
      return isHeld;
    });
    assert.ok(held.produced < LARGE, "the worker must wait");
    await readAll(slow, LARGE);
    assert.equal((await stateOf(server.port)).produced, LARGE);
  });

  it("bound a file as a whole, however long the answer is", async () => {
    await using server = await serve("--response-file", "1m", "--response-memory", "64k");
    using slow = await stalled(server, get(`/stream?n=${LARGE}&piece=20000`));
    const sizes = (): number[] => spoolFiles(server).map((path) => sizeOf(path));
    // Before it is read: what is left of it later may be nothing.
    let largest = await waitFor("the answer's file", () => Math.max(0, ...sizes()) || undefined);
    for (let read = 0; read < LARGE / 2; read = slow.receivedBytes) {
      slow.resume();
      await slow.bytes(read + 300_000);
      slow.pause();
      largest = Math.max(largest, ...sizes());
    }
    assert.ok(largest <= MIB, String(largest));
    await readAll(slow, LARGE);
  });

  it("a reset lets a worker go that was held back", async () => {
    await using server = await serve("--response-file", "0");
    using slow = await stalled(server, get(`/stream?n=${LARGE}`));
    slow.reset();
    const state = await stateWith(server.port, "close()", ({ closed }) => closed === 1);
    assert.ok(state.produced < LARGE);
  });
});

/** 0 when it has just gone. */
function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
