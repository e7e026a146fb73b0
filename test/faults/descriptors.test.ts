import assert from "node:assert/strict";
import { globSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { ADMIN_ARGS, adminPort, ask } from "../support/admin.ts";
import { openDescriptors } from "../support/processes.ts";
import { RawClient } from "../support/raw-client.ts";
import { begin, get, message } from "../support/requests.ts";
import { startServer, waitFor } from "../support/server.ts";

/** Soft and hard: Node can raise nothing. */
const LIMIT = 64;
const startedBy = ["/bin/sh", "-c", `ulimit -n ${LIMIT}; exec "$0" "$@"`];
const args = ["--workers", "2", "--body-memory", "1KiB"];

describe(`a server with ${LIMIT} file descriptors`, () => {
  it("says so, and what it would need", async () => {
    await using server = await startServer("plain:app", { args, startedBy });
    await server.logged(
      /warning: at most 12 connections at once: this process may have 64 open files; 10000 connections \(--max-connections\) need ulimit -Hn \d+/,
    );
  });

  it("answers 200 clients that all stay connected: idle ones go", async () => {
    await using server = await startServer("plain:app", { args, startedBy });
    const clients: RawClient[] = [];
    let most = 0;
    for (let index = 0; index < 200; index++) {
      const client = begin(server.port, "GET", "/");
      clients.push(client);
      assert.equal((await client.response()).status, 200, `client ${index}`);
      most = Math.max(most, openDescriptors(server.pid));
    }
    assert.ok(most < LIMIT - 5, `${most} descriptors`);
    assert.equal(clients.filter(({ hasEnded }) => !hasEnded).length, 12);
    for (const client of clients) client.socket.destroy();
    assert.doesNotMatch(server.stderr, /EMFILE|cannot accept/);
  });

  it("meets 200 at once, with bodies that go to files, without running out", async () => {
    await using server = await startServer("echo:app", { args, startedBy });
    const { port } = server;
    const body = "x".repeat(50_000);
    const clients = Array.from({ length: 200 }, () => begin(port, "POST", "/"));
    // Everybody has begun a body that does not fit into memory; whoever was let in goes on.
    for (const client of clients) {
      if (client.socket.destroyed) continue;
      client.send(message("POST", "/", body));
    }
    const over = clients.map(async (client) => {
      const first = await client.response().catch(() => undefined);
      if (first?.status !== 200) return 0;
      const second = await client.response().catch(() => undefined);
      return second?.status ?? 0;
    });
    let most = 0;
    const watch = setInterval(() => {
      most = Math.max(most, openDescriptors(server.pid));
    }, 5);
    const statuses = await Promise.all(over);
    clearInterval(watch);
    assert.ok(most < LIMIT, `${most} descriptors`);
    // 507: no descriptor was left for a file; 0: no room for the connection.
    for (const status of statuses) assert.ok([200, 507, 0].includes(status), String(status));
    assert.ok(statuses.some((status) => status === 200));
    for (const client of clients) client.socket.destroy();
    await waitFor("all to go", () => server.connections === 0);
    assert.equal((await get(port, "/")).status, 200);
    assert.doesNotMatch(server.stderr, /EMFILE|cannot accept/);
  });

  it("is flooded at its admin address and its control socket, and serves as ever", async () => {
    const options = { args: [...args, ...ADMIN_ARGS], startedBy };
    await using server = await startServer("plain:app", options);
    const port = await adminPort(server);
    const [control = ""] = globSync(join(server.temporaryDirectory, "rickhouse-*/control.sock"));
    const idle = Array.from({ length: 100 }, (_, index) => {
      return new RawClient(index % 2 === 0 ? port : control);
    });
    const clients: RawClient[] = [];
    let most = 0;
    for (let index = 0; index < 50; index++) {
      const client = begin(server.port, "GET", "/");
      clients.push(client);
      assert.equal((await client.response()).status, 200, `client ${index}`);
      most = Math.max(most, openDescriptors(server.pid));
    }
    // Whoever comes last is heard.
    assert.equal((await ask(port, "/readyz")).status, 200);
    assert.equal((await ask(control, "/livez")).status, 200);
    assert.ok(most < LIMIT, `${most} descriptors`);
    for (const client of [...idle, ...clients]) client.socket.destroy();
    assert.doesNotMatch(server.stderr, /EMFILE|cannot accept/);
  });

  it("keeps its lowered maximum of workers over a reload", async () => {
    await using server = await startServer("plain:app", {
      args: ["--workers", "2:16"],
      startedBy,
    });
    server.signal("SIGHUP");
    await server.logged("generation 2 serves");
    assert.match(server.stderr, /2 workers, at most 3,/);
    assert.doesNotMatch(server.stderr, /configuration: /);
  });

  it("reloads and starts workers as ever", async () => {
    await using server = await startServer("plain:app", { args, startedBy });
    const idle = Array.from({ length: 11 }, () => begin(server.port, "GET", "/"));
    for (const client of idle) await client.response();
    for (let generation = 2; generation <= 4; generation++) {
      server.signal("SIGHUP");
      await server.logged(`generation ${generation} serves`);
    }
    for (const client of idle) {
      client.send(message("GET", "/"));
      assert.equal((await client.response()).status, 200);
      client.socket.destroy();
    }
    assert.doesNotMatch(server.stderr, /EMFILE/);
  });
});
