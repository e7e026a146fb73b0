// Many clients that are slow or silent at once: none of them holds a worker, and who asks beside them does not notice.

import assert from "node:assert/strict";
import { setInterval } from "node:timers";
import { describe, it, type TestContext } from "node:test";
import { get, stateWith } from "../support/answers-app.ts";
import { failuresOf, runLoad } from "../support/load.ts";
import { RawClient } from "../support/raw-client.ts";
import { type ServerUnderTest, startServer, waitFor } from "../support/server.ts";

const MIB = 2 ** 20;
const CLIENTS = 8;
const LOAD_MS = 2500;
/** Fewer workers than slow clients by far: one that was held would be missed. */
const ARGS = ["--workers", "2"];
/** Far above what a busy machine adds to a median, far below any time-out behind which a held worker would come free. */
const MEDIAN_SLACK_MS = 1000;
const ENDLESS = 10 ** 15;

/** What ordinary keep-alive clients see for a while; all of them must be served. */
async function medianMs(server: ServerUnderTest): Promise<number> {
  const endAt = performance.now() + LOAD_MS;
  const outcomes = await runLoad({
    port: server.port,
    clients: CLIENTS,
    method: "GET",
    pauseMs: 10,
    next: () => (performance.now() < endAt ? "/list?n=1000" : undefined),
  });
  assert.deepEqual(failuresOf(outcomes), []);
  assert.ok(outcomes.length >= CLIENTS, `${outcomes.length} requests`);
  const sorted = outcomes.map(({ latencyMs }) => latencyMs).toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Infinity;
}

interface Crowd extends Disposable {
  readonly clients: readonly RawClient[];
}

/** As many clients, each in the state that `begin` brings it to. */
async function crowdOf(
  count: number,
  server: ServerUnderTest,
  begin: (client: RawClient) => Promise<void> | void,
): Promise<Crowd> {
  const clients: RawClient[] = [];
  while (clients.length < count) {
    const batch = Array.from({ length: Math.min(50, count - clients.length) }, () => {
      return new RawClient(server.port);
    });
    clients.push(...batch);
    await Promise.all(batch.map(async (client) => begin(client)));
  }
  return {
    clients,
    [Symbol.dispose]: () => {
      for (const client of clients) client.socket.destroy();
    },
  };
}

async function readAndStop(client: RawClient): Promise<void> {
  client.send(get(`/stream?n=${10 * MIB}`));
  await client.bytes(1, 60_000);
  client.pause();
}

/** The median with the crowd there, beside what it was without. */
async function sameLatency(
  t: TestContext,
  server: ServerUnderTest,
  gather: () => Promise<Crowd>,
  after?: (crowd: Crowd) => Promise<void>,
): Promise<void> {
  const alone = await medianMs(server);
  using crowd = await gather();
  await waitFor("the crowd", () => server.connections >= crowd.clients.length);
  const beside = await medianMs(server);
  t.diagnostic(`median ${alone.toFixed(1)} ms alone, ${beside.toFixed(1)} ms beside the crowd`);
  assert.ok(beside < alone + MEDIAN_SLACK_MS, `${beside} ms beside them, ${alone} ms alone`);
  // They were there all the time, or it was nothing.
  assert.equal(crowd.clients.filter(({ hasEnded }) => hasEnded).length, 0);
  await after?.(crowd);
}

describe("the latency of ordinary requests stays where it was beside", () => {
  it("1,000 half-sent heads", async (t) => {
    await using server = await startServer("answers:app", { args: ARGS });
    await sameLatency(t, server, () =>
      crowdOf(1000, server, (client) => {
        client.send("GET /list?n=1 HTTP/1.1\r\nHost: a\r\nX-Half: ");
      }),
    );
  });

  it("200 uploads at 1 byte/s", async (t) => {
    const args = [...ARGS, "--body-min-rate", "0"];
    await using server = await startServer("answers:app", { args });
    const timers: NodeJS.Timeout[] = [];
    try {
      await sameLatency(t, server, () =>
        crowdOf(200, server, (client) => {
          client.send("POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
          timers.push(setInterval(() => client.send("x"), 1000));
        }),
      );
    } finally {
      for (const timer of timers) clearInterval(timer);
    }
  });

  it("200 readers that stopped in the middle of 10 MiB", async (t) => {
    await using server = await startServer("answers:app", { args: ARGS });
    await sameLatency(
      t,
      server,
      () => crowdOf(200, server, readAndStop),
      async ({ clients }) => {
        for (const client of clients.slice(0, 3)) {
          client.resume();
          const { isWhole, body } = await client.response("GET", 60_000);
          assert.ok(isWhole);
          assert.equal(body.length, 10 * MIB);
        }
      },
    );
  });
});

describe("time-outs beside each other", () => {
  it("end 1,000 half-sent heads with 408, and 200 slow uploads too", async () => {
    const args = [...ARGS, "--head-timeout", "2s", "--body-timeout", "2s"];
    await using server = await startServer("answers:app", { args });
    using heads = await crowdOf(1000, server, (client) => {
      client.send("GET /list?n=1 HTTP/1.1\r\nHost: a\r\nX-Half: ");
    });
    using uploads = await crowdOf(200, server, (client) => {
      client.send("POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nx");
    });
    for (const { clients } of [heads, uploads]) {
      const answers = await Promise.all(clients.map((client) => client.response()));
      assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([408]));
    }
    for (const { socket } of [...heads.clients, ...uploads.clients]) socket.destroy();
    await waitFor("no connection", () => server.connections === 0);
  });
});

describe("a generator that never ends", () => {
  const departures = {
    "resets the connection": (client: RawClient) => {
      client.reset();
    },
    "closes it with bytes unread": (client: RawClient) => {
      client.socket.destroy();
    },
  };
  for (const [how, leave] of Object.entries(departures)) {
    it(`is closed when its client ${how}`, async () => {
      // One worker: it answers the next request only when it was let go.
      await using server = await startServer("answers:app", { args: ["--workers", "1"] });
      using client = new RawClient(server.port);
      client.send(get(`/stream?n=${ENDLESS}`));
      await client.bytes(4 * MIB);
      leave(client);
      const state = await stateWith(server.port, "close()", ({ closed }) => closed === 1);
      assert.ok(state.produced < ENDLESS);
    });
  }

  it("is closed when its client goes behind the one worker's back: held up for it, unread", async () => {
    const args = ["--workers", "1", "--response-file", "1m"];
    await using server = await startServer("answers:app", { args });
    using client = new RawClient(server.port);
    client.send(get(`/stream?n=${ENDLESS}`));
    await client.bytes(1);
    client.pause();
    using next = new RawClient(server.port);
    next.send(get("/state"));
    client.reset();
    assert.equal(JSON.parse((await next.response()).body.toString()).closed, 1);
  });
});
