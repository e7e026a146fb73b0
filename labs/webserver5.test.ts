// webserver5: what the event loop can, what stalls it, and what a queue and workers change.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, it } from "node:test";
import { isAlive, LabProcess, startServer } from "./support/lab-process.ts";
import { waitFor } from "./support/wait-for.ts";

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
    const slow = get(server, "/slow");
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.ok((await get(server, "/hello")).ms > 1000, "it waited for /slow");
    assert.ok((await slow).ms >= 1500);
    await server.printed(/the event loop stood still for 1\.[3-9] s/);
  });

  it("keeps a WebSocket beside other requests", async () => {
    await using server = await startServer("webserver5");
    await using clients = startClients(server, ["--websockets", "2"]);
    await clients.printed(/hello from WebSocket 1/);
    await clients.printed(/hello from WebSocket 2/);
    assert.match((await get(server, "/hello")).body, /^Hello from process \d+!\n$/);
  });
});

describe("webserver5 --workers 2", () => {
  const args = ["--workers", "2"];

  it("answers beside a slow request, from another worker", async () => {
    await using server = await startServer("webserver5", { args, env: { SLEEP: "2" } });
    await get(server, "/hello");
    const slow = get(server, "/slow");
    await server.printed(/1 of 2 workers busy, 0 waiting[^]*1 of 2 workers busy/);
    assert.ok((await get(server, "/hello")).ms < 1500);
    assert.ok((await slow).ms >= 2000);
  });

  it("lets requests wait in the queue while all workers are slow, and the front stays awake", async () => {
    await using server = await startServer("webserver5", { args, env: { SLEEP: "2" } });
    const slow = [get(server, "/slow"), get(server, "/slow")];
    await server.printed(/2 of 2 workers busy, 0 waiting/);
    const waiting = get(server, "/hello");
    await server.printed(/2 of 2 workers busy, 1 waiting/);
    assert.deepEqual((await get(server, "/health")).body, "The front is well.\n");
    assert.ok(!server.output.includes("stood still"));
    await Promise.all(slow);
    assert.match((await waiting).body, /^Hello from process/);
  });

  it("gives a WebSocket a worker for its whole life", async () => {
    await using server = await startServer("webserver5", { args });
    const clients = startClients(server, ["--websockets", "2"]);
    await clients.printed(/hello from WebSocket 1/);
    await clients.printed(/hello from WebSocket 2/);
    const waiting = get(server, "/hello");
    await server.printed(/2 of 2 workers busy, 1 waiting/);
    await clients[Symbol.asyncDispose]();
    assert.match((await waiting).body, /^Hello from process/);
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

async function get(server: LabProcess, path: string): Promise<{ body: string; ms: number }> {
  const startMs = performance.now();
  const response = await fetch(`http://127.0.0.1:${server.port}${path}`, {
    headers: { connection: "close" },
  });
  const body = await response.text();
  return { body, ms: performance.now() - startMs };
}

/** The hard one, which Node takes. */
function descriptorLimit(): number {
  const { stdout } = spawnSync("/bin/sh", ["-c", "ulimit -Hn"], { encoding: "utf8" });
  return stdout.trim() === "unlimited" ? Number.MAX_SAFE_INTEGER : Number(stdout);
}
