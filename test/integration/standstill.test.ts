// A front that stood still (a stopped process, a frozen container, a paused machine) finds all its timers over when it goes on, and has not
// yet read what came meanwhile: nobody is late who was in time.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { stateOf } from "../support/processes.ts";
import { RawClient } from "../support/raw-client.ts";
import { noted, openGate } from "../support/record.ts";
import { begin, message } from "../support/requests.ts";
import { startServer, type ServerUnderTest, waitFor } from "../support/server.ts";

/** All time-outs of the server. */
const TIMEOUT = "1s";
/** Long after them, or so that they are just over. */
const STANDSTILLS = [
  { afterMs: 0, standstillMs: 2500 },
  { afterMs: 300, standstillMs: 900 },
];

/** Stops the front, and lets it go on when every time-out is over; `meanwhile` is done while it stands. */
async function whileStopped(
  server: ServerUnderTest,
  { afterMs, standstillMs }: (typeof STANDSTILLS)[number],
  meanwhile: () => void,
): Promise<void> {
  await delay(afterMs);
  server.signal("SIGSTOP");
  try {
    await waitFor("the stop", () => stateOf(server.pid) === "T");
    meanwhile();
    await delay(standstillMs);
  } finally {
    server.signal("SIGCONT");
  }
}

/** Where it stood when it was stopped decides whether it reads first or looks at its timers. */
const ROUNDS = 5;

describe("a front that stood still for longer than its time-outs", () => {
  it("cuts no request that was sent in time, and no worker that answered", async () => {
    const names = ["head", "body", "keep-alive", "request", "queue"];
    const times = names.flatMap((name) => [`--${name}-timeout`, TIMEOUT]);
    await using server = await startServer("gated:app", { args: ["--workers", "1", ...times] });
    const { workers } = server;
    const all = Array.from({ length: ROUNDS }, () => STANDSTILLS).flat();
    for (const [round, standstill] of all.entries()) {
      const held = `held-${round}`;
      using idle = begin(server.port, "GET", "/free/1");
      assert.equal((await idle.response()).status, 200);
      using running = begin(server.port, "POST", `/${held}`);
      await noted(server, `POST ${held} in ${workers[0]}`);
      using waiting = begin(server.port, "POST", "/free/2");
      using inHead = new RawClient(server.port);
      inHead.send("GET /free/3 HTTP/1.1\r\n");
      using inBody = new RawClient(server.port);
      inBody.send("POST /free/4 HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n");
      await waitFor("all connections", () => server.connections === 5);
      await whileStopped(server, standstill, () => {
        openGate(server, held);
        idle.send(message("POST", "/free/5", "once"));
        inHead.send("Host: a\r\n\r\n");
        inBody.send("body");
      });
      const clients = { idle, running, waiting, inHead, inBody };
      for (const [name, client] of Object.entries(clients)) {
        const { status } = await client.response();
        assert.equal(status, 200, `${name}, round ${round}`);
      }
      for (const client of Object.values(clients)) client.socket.destroy();
      await waitFor("no connection", () => server.connections === 0);
    }
    assert.deepEqual(server.workers, workers);
  });
});

describe("a server that was frozen with all its processes", () => {
  it("lets a request run for as long as it would have without", async () => {
    const args = ["--workers", "1", "--request-timeout", "2s"];
    await using server = await startServer("gated:app", { args });
    using running = begin(server.port, "POST", "/held");
    await noted(server, /^POST held/);
    await delay(500);
    const all = [server.pid, ...server.zygotes, ...server.workers];
    for (const pid of all) process.kill(pid, "SIGSTOP");
    await delay(3000);
    for (const pid of all) process.kill(pid, "SIGCONT");
    // It has run for half a second, and the front has slept in that.
    await delay(500);
    openGate(server, "held");
    assert.equal((await running.response()).status, 200);
  });
});
