// webserver5: what the event loop can, what stalls it, and what a queue and workers change.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, it } from "node:test";
import { Client } from "./support/client.ts";
import { isAlive, LabProcess, startServer } from "./support/lab-process.ts";
import { waitFor } from "./support/wait-for.ts";

const SLOW = "GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n";
const ANSWER = "Hello from process";
const CLIENTS = Math.min(10_000, descriptorLimit() - 200);

describe("webserver5", () => {
  it("serves ten thousand clients in one process with one thread of its own", async () => {
    await using server = await startServer("webserver5");
    await using clients = startClients(server, ["--connections", String(CLIENTS)]);
    await clients.printed(
      new RegExp(`${CLIENTS} connections\n${CLIENTS} answers in \\d+ ms\n`),
      60_000,
    );
    await server.printed(new RegExp(`${CLIENTS} connections, \\d+ MiB`));
    assert.deepEqual(server.children.running, []);
  });

  it("serves nobody while the application blocks", async () => {
    await using server = await startServer("webserver5", { env: { SLEEP: "1.5" } });
    const startMs = performance.now();
    // They are accepted, and read, in this order.
    using slow = new Client(server.port, SLOW);
    using quick = new Client(server.port);
    await quick.receives(ANSWER);
    assert.ok(performance.now() - startMs >= 1500, "it waited for /slow");
    await slow.receives(ANSWER);
    const [, seconds] = await server.printed(/the event loop stood still for ([\d.]+) s/);
    assert.ok(Number(seconds) >= 1.3, `${seconds} s`);
  });

  it("keeps a WebSocket beside other requests", async () => {
    await using server = await startServer("webserver5");
    await using clients = startClients(server, ["--websockets", "2"]);
    await clients.printed(/hello from WebSocket 1/);
    await clients.printed(/hello from WebSocket 2/);
    assert.match(await get(server, "/hello"), /^Hello from process \d+!\n$/);
  });
});

describe("webserver5 --workers 2", () => {
  const args = ["--workers", "2"];

  it("answers beside a slow request, from another worker", async () => {
    await using server = await startServer("webserver5", { args, env: { SLEEP: "60" } });
    using slow = new Client(server.port, SLOW);
    await server.printed(/1 of 2 workers busy, 0 waiting/);
    assert.match(await get(server, "/hello"), /^Hello from process/);
    assert.equal(slow.received, "");
  });

  it("lets requests wait in the queue while all workers are slow, and the front stays awake", async () => {
    await using server = await startServer("webserver5", { args, env: { SLEEP: "4" } });
    const slow = [get(server, "/slow"), get(server, "/slow")];
    await server.printed(/2 of 2 workers busy, 0 waiting/);
    using waiting = new Client(server.port);
    await server.printed(/2 of 2 workers busy, 1 waiting/);
    assert.equal(await get(server, "/health"), "The front is well.\n");
    assert.equal(waiting.received, "");
    await Promise.all(slow);
    await waiting.receives(ANSWER);
  });

  it("gives a WebSocket a worker for its whole life", async () => {
    await using server = await startServer("webserver5", { args });
    const clients = startClients(server, ["--websockets", "2"]);
    await clients.printed(/hello from WebSocket 1/);
    await clients.printed(/hello from WebSocket 2/);
    const waiting = get(server, "/hello");
    await server.printed(/2 of 2 workers busy, 1 waiting/);
    await clients[Symbol.asyncDispose]();
    assert.match(await waiting, /^Hello from process/);
  });

  it("takes its workers with it", async () => {
    await using server = await startServer("webserver5", { args });
    const workers = server.children.running;
    assert.equal(workers.length, 2);
    server.signal("SIGKILL");
    await waitFor(
      () => "the end of the workers",
      () => workers.every((pid) => !isAlive(pid)),
    );
  });
});

function startClients(server: LabProcess, args: readonly string[]): LabProcess {
  return new LabProcess("client5", { args, env: { PORT: String(server.port) } });
}

async function get(server: LabProcess, path: string): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${server.port}${path}`, {
    headers: { connection: "close" },
  });
  return await response.text();
}

/** The hard one, which Node takes. */
function descriptorLimit(): number {
  const { stdout } = spawnSync("/bin/sh", ["-c", "ulimit -Hn"], { encoding: "utf8" });
  return stdout.trim() === "unlimited" ? Number.MAX_SAFE_INTEGER : Number(stdout);
}
