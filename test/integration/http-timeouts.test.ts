// Time-outs of connections: each fires within a second of its value, and no sooner.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { get, spoolFiles, stateOf, stateWith } from "../support/answers-app.ts";
import { tcpSocketsOf } from "../support/processes.ts";
import { RawClient } from "../support/raw-client.ts";
import { type ServerUnderTest, startServer, waitFor } from "../support/server.ts";

const TIMES = [
  "--head-timeout",
  "1s",
  "--body-timeout",
  "1200ms",
  "--keep-alive-timeout",
  "1400ms",
];
const HEAD_MS = 1000;
const BODY_MS = 1200;
const KEEP_ALIVE_MS = 1400;
const SEND_MS = 1000;
/** The timers of both processes are coarse, and they share their processors with others. */
const EARLY_MS = 50;
const LATE_MS = 1000;

/** Node's sockets do not tell what the kernel keeps for a client: see `takenBytesOf`. */
const NO_WORD_OF_LITTLE =
  process.env["RICKHOUSE_DIRECT_SOCKETS"] === "off" &&
  "Node tells nothing of what waits in the kernel";

/** How often this process looks whether it gets a processor. */
const METER_MS = 20;

/** What `wait` took since `start`, checked against the option's value; where nobody got a processor for a while, the server did not either. */
async function takes(ms: number, start: number, wait: Promise<unknown>): Promise<void> {
  let last = start;
  let stoodMs = 0;
  const measure = (): void => {
    const now = performance.now();
    stoodMs += Math.max(0, now - last - METER_MS);
    last = now;
  };
  const meter = setInterval(measure, METER_MS);
  try {
    await wait;
  } finally {
    clearInterval(meter);
  }
  measure();
  const took = last - start;
  assert.ok(took > ms - EARLY_MS, `too early: ${took} ms`);
  assert.ok(took < ms + LATE_MS + 2 * stoodMs, `too late: ${took} ms, stood still for ${stoodMs}`);
}

describe("time-outs of reading", { concurrency: true }, () => {
  let server: ServerUnderTest;
  before(async () => {
    server = await startServer("answers:app", {
      args: ["--workers", "2", "--threads", "4", ...TIMES],
    });
  });
  after(async () => {
    await server.stop();
  });

  async function connected(): Promise<[RawClient, number]> {
    const start = performance.now();
    const client = new RawClient(server.port);
    await new Promise((resolve) => client.socket.once("connect", resolve));
    return [client, start];
  }

  it("a connection that says nothing is ended without a word", async () => {
    const [client, start] = await connected();
    using _ = client;
    await takes(HEAD_MS, start, client.ended());
    assert.equal(client.received.length, 0);
  });

  it("half a head: 408", async () => {
    const [client, start] = await connected();
    using _ = client;
    client.send("GET / HTTP/1.1\r\nHo");
    await takes(HEAD_MS, start, client.ended());
    const answer = await client.response();
    assert.equal(answer.status, 408);
    assert.equal(answer.fields.get("connection"), "close");
  });

  it("a head that comes byte by byte gains nothing", async () => {
    const [client, start] = await connected();
    using _ = client;
    const timer = setInterval(() => client.send("x"), 100);
    try {
      await takes(HEAD_MS, start, client.ended());
    } finally {
      clearInterval(timer);
    }
    assert.equal((await client.response()).status, 408);
  });

  it("half a head behind an answer has the time of a head", async () => {
    const [client] = await connected();
    using _ = client;
    client.send(get("/list?n=1"));
    await client.response();
    const start = performance.now();
    client.send("GET /");
    await takes(HEAD_MS, start, client.ended());
    assert.equal((await client.response()).status, 408);
  });

  it("half a body: 408", async () => {
    const [client] = await connected();
    using _ = client;
    const start = performance.now();
    client.send("POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhel");
    await takes(BODY_MS, start, client.ended());
    assert.equal((await client.response()).status, 408);
  });

  it("half a chunked body: 408", async () => {
    const [client] = await connected();
    using _ = client;
    const start = performance.now();
    client.send("POST /upload HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel");
    await takes(BODY_MS, start, client.ended());
    assert.equal((await client.response()).status, 408);
  });

  it("a body that moves on has its time anew", async () => {
    const [client] = await connected();
    using _ = client;
    client.send("POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n");
    // Longer in all than the time-out.
    for (const byte of "body") {
      await new Promise((resolve) => setTimeout(resolve, BODY_MS / 2));
      client.send(byte);
    }
    assert.equal((await client.response()).status, 200);
  });

  it("an idle connection is ended without a word", async () => {
    const [client] = await connected();
    using _ = client;
    const start = performance.now();
    client.send(get("/list?n=1"));
    await client.response();
    await takes(KEEP_ALIVE_MS, start, client.ended());
    assert.equal(client.received.length, 0);
    assert.equal(client.error, undefined);
  });

  it("each answer gives an idle connection its time anew", async () => {
    const [client] = await connected();
    using _ = client;
    for (let i = 0; i < 3; i++) {
      client.send(get("/list?n=1"));
      assert.equal((await client.response()).status, 200);
      await new Promise((resolve) => setTimeout(resolve, KEEP_ALIVE_MS / 2));
    }
    assert.equal(client.hasEnded, false);
  });

  it("a slow reader has its time from the end of its answer on", async () => {
    const [client] = await connected();
    using _ = client;
    client.send(get("/list?n=20000000"));
    await client.bytes(1);
    client.pause();
    await new Promise((resolve) => setTimeout(resolve, KEEP_ALIVE_MS + LATE_MS));
    client.resume();
    assert.ok((await client.response()).isWhole);
    // Several sweeps later it is still there.
    await new Promise((resolve) => setTimeout(resolve, KEEP_ALIVE_MS / 2));
    client.send(get("/list?n=1"));
    assert.equal((await client.response()).status, 200);
  });

  it("an application may take longer than any of them", async () => {
    const [client] = await connected();
    using _ = client;
    const path = join(server.temporaryDirectory, "gate");
    client.send(get(`/gated-stream?path=${path}`));
    await client.bytes(1);
    await new Promise((resolve) => setTimeout(resolve, KEEP_ALIVE_MS + LATE_MS));
    assert.equal(client.hasEnded, false);
    writeFileSync(path, "");
    assert.equal((await client.response()).body.toString(), "firstsecond");
  });
});

describe("the rate of a body", () => {
  it("below --body-min-rate: 408 behind the time of grace", async () => {
    await using server = await startServer("answers:app", {
      args: ["--workers", "1", "--body-min-rate", "1k"],
    });
    using client = new RawClient(server.port);
    const start = performance.now();
    client.send("POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
    const timer = setInterval(() => client.send("x".repeat(50)), 100);
    try {
      await takes(5000, start, client.ended());
    } finally {
      clearInterval(timer);
    }
    assert.equal((await client.response()).status, 408);
    assert.equal((await stateOf(server.port)).calls, 0);
  });
});

describe("--send-timeout", () => {
  const args = ["--workers", "1", "--send-timeout", "1s"];

  it("ends an answer of which the client takes nothing, and it does not look whole", async () => {
    await using server = await startServer("answers:app", { args });
    using client = new RawClient(server.port);
    const start = performance.now();
    client.send(get("/stream?n=40000000"));
    await client.bytes(1);
    client.pause();
    await waitFor("the answer's file", () => spoolFiles(server).length === 1);
    await takes(
      SEND_MS,
      start,
      waitFor("the file's end", () => spoolFiles(server).length === 0),
    );
    client.resume();
    await client.closed();
    const answer = await client.response().catch(() => undefined);
    assert.notEqual(answer?.isWhole, true);
  });

  it("the same on HTTP/1.0, where an end would look like success", async () => {
    await using server = await startServer("answers:app", { args });
    using client = new RawClient(server.port);
    client.send("GET /stream?n=40000000 HTTP/1.0\r\n\r\n");
    await client.bytes(1);
    client.pause();
    await waitFor("the answer's file", () => spoolFiles(server).length === 1);
    await waitFor("the file's end", () => spoolFiles(server).length === 0);
    client.resume();
    await client.closed();
    assert.equal(client.error?.code, "ECONNRESET");
  });

  it("frees a worker that was held back", async () => {
    await using server = await startServer("answers:app", {
      args: [...args, "--response-file", "0"],
    });
    using client = new RawClient(server.port);
    client.send(get("/stream?n=40000000"));
    await client.bytes(1);
    client.pause();
    const state = await stateWith(server.port, "close()", ({ closed }) => closed === 1);
    assert.ok(state.produced < 40_000_000);
  });

  it("ends a broken answer that nobody reads", async () => {
    await using server = await startServer("answers:app", { args });
    using client = new RawClient(server.port);
    client.send(get("/raise?n=40000000"));
    await client.bytes(1);
    client.pause();
    await server.logged("on purpose");
    await waitFor("no file", () => spoolFiles(server).length === 0);
    await waitFor("no connection", () =>
      tcpSocketsOf(server.pid).every(({ state }) => state === "LISTEN"),
    );
  });

  it("does not end a reader that is slow but reads", async () => {
    await using server = await startServer("answers:app", {
      args: [...args, "--response-memory", "64k"],
    });
    using client = new RawClient(server.port);
    client.send(get("/list?n=30000000"));
    await client.bytes(1);
    for (let i = 0; i < 6; i++) {
      client.pause();
      await new Promise((resolve) => setTimeout(resolve, SEND_MS / 2));
      const soFar = client.receivedBytes;
      client.resume();
      await client.bytes(Math.min(soFar + 2_000_000, 30_000_000));
    }
    const answer = await client.response();
    assert.ok(answer.isWhole);
    assert.equal(answer.body.length, 30_000_000);
  });

  it("does not end a reader that takes little at a time", { skip: NO_WORD_OF_LITTLE }, async () => {
    await using server = await startServer("answers:app", {
      args: ["--workers", "1", "--send-timeout", "2s", "--response-memory", "64k"],
    });
    using client = new RawClient(server.port);
    client.pause();
    client.send(get("/list?n=8000000"));
    // The kernel keeps more for it than it takes in a time-out, and wants no more until a good part of that has gone.
    for (let times = 0; times < 45; times++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      client.socket.read(20_000);
    }
    client.resume();
    const answer = await client.response();
    assert.ok(answer.isWhole);
    assert.equal(answer.body.length, 8_000_000);
  });

  it("ends a client that takes nothing of its answer, whatever it sends", async () => {
    await using server = await startServer("answers:app", {
      args: [...args, "--response-memory", "64m", "--body-min-rate", "0"],
    });
    using client = new RawClient(server.port);
    client.send(get("/list?n=20000000"));
    await client.bytes(1);
    client.pause();
    client.send("POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n");
    const sending = setInterval(() => client.send("x"), 100);
    try {
      await waitFor("the end of the connection", () => server.connections === 0);
    } finally {
      clearInterval(sending);
    }
  });
});
