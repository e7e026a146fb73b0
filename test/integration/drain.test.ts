import assert from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { startPoliteLoad } from "../support/polite-load.ts";
import { RawClient } from "../support/raw-client.ts";
import { noted, openGate } from "../support/record.ts";
import { begin, get, message } from "../support/requests.ts";
import { childrenOf, stateOf } from "../support/processes.ts";
import { ServerUnderTest, startServer, waitFor } from "../support/server.ts";

/** The whole tree, the front first. */
function treeOf(server: ServerUnderTest): number[] {
  return [server.pid, ...childrenOf(server.pid), ...childrenOf(server.pid).flatMap(childrenOf)];
}

async function refused(port: number): Promise<boolean> {
  using client = new RawClient(port);
  await waitFor("connected or not", () => !client.socket.connecting);
  return client.error?.code === "ECONNREFUSED";
}

describe("a drain under load", () => {
  for (const whom of ["the front", "every process of the group"] as const) {
    it(`loses no request of clients that heed Connection: close, five times (SIGTERM to ${whom})`, async () => {
      for (let turn = 0; turn < 5; turn++) {
        await using server = await startServer("plain:app", { args: ["--workers", "2"] });
        const load = startPoliteLoad({ port: server.port, clients: 32, pauseMs: 2 });
        await waitFor("some load", () => load.answered > 300);
        const tree = whom === "the front" ? [server.pid] : treeOf(server);
        for (const pid of tree) process.kill(pid, "SIGTERM");
        assert.deepEqual(await server.exited(), { code: 0, signal: null });
        await load.over;
        assert.deepEqual(load.failures, []);
        assert.equal(load.farewells, 32);
      }
    });
  }
});

describe("a drain under clients with a connection for each request", () => {
  it("resets none of them, ten times: each is answered, or does not get in", async () => {
    for (let turn = 0; turn < 10; turn++) {
      await using server = await startServer("plain:app", { args: ["--workers", "2"] });
      const load = startPoliteLoad({ port: server.port, clients: 32, isOneEach: true });
      await waitFor("some load", () => load.answered > 300);
      server.signal("SIGTERM");
      assert.deepEqual(await server.exited(), { code: 0, signal: null });
      await load.over;
      assert.deepEqual(load.failures, []);
    }
  });
});

describe("connections that the kernel holds when SIGTERM comes", () => {
  it("are accepted and answered", async () => {
    await using server = await startServer("plain:app", { args: ["--workers", "1"] });
    // A front that stands still accepts nothing: all of these are in the backlog, where a close would reset them.
    server.signal("SIGSTOP");
    await waitFor("the stop", () => stateOf(server.pid) === "T");
    const { port } = server;
    const clients = Array.from({ length: 100 }, () => begin(port, "GET", "/"));
    const silent = new RawClient(port);
    await waitFor("all connections", () => {
      return [...clients, silent].every(({ socket }) => !socket.connecting);
    });
    server.signal("SIGTERM");
    server.signal("SIGCONT");
    for (const client of clients) {
      const response = await client.response();
      assert.equal(response.status, 200);
      client.end();
    }
    await server.logged("SIGTERM: finishing");
    // One of which nothing had come yet has --drain-idle for its request.
    silent.send(message("GET", "/"));
    const response = await silent.response();
    assert.equal(response.status, 200);
    assert.equal(response.fields.get("connection"), "close");
    silent.end();
    assert.deepEqual(await server.exited(), { code: 0, signal: null });
  });
});

describe("a drain without an interpreter", () => {
  it("loses nothing: what was at its place can be started no more", async () => {
    const directory = ServerUnderTest.makeDirectory();
    const place = join(directory, "bin");
    mkdirSync(place);
    const python = join(place, "python3");
    writeFileSync(python, '#!/bin/sh\nexec python3 "$@"\n', { mode: 0o755 });
    const args = ["--workers", "1", "--python", python];
    // Nobody listens there: each word to the service manager would be said by a process of its own.
    const env = { NOTIFY_SOCKET: join(directory, "notify") };
    await using server = await startServer("gated:app", { args, directory, env });
    using running = begin(server.port, "POST", "/held");
    await noted(server, /^POST held in/);
    // ENOTDIR, of which Node tells by an exception.
    rmSync(place, { recursive: true });
    writeFileSync(place, "");
    server.signal("SIGTERM");
    await server.logged("SIGTERM: finishing");
    openGate(server, "held");
    assert.equal((await running.response()).status, 200);
    running.end();
    assert.deepEqual(await server.exited(), { code: 0, signal: null });
  });
});

describe("--drain-delay", () => {
  it("goes on as before for so long, then ends", async () => {
    // Who comes just before the listener closes learns of it when it tries again, a second later: longer than --drain-idle by default.
    const args = ["--workers", "1", "--drain-delay", "2s", "--drain-idle", "20s"];
    await using server = await startServer("gated:app", { args });
    const { port } = server;
    using idle = begin(port, "GET", "/free");
    await idle.response();
    server.signal("SIGTERM");
    await server.logged("SIGTERM: accepting goes on for 2 s (--drain-delay)");
    using late = begin(port, "GET", "/free/late");
    const response = await late.response();
    assert.equal(response.status, 200);
    assert.equal(response.fields.get("connection"), undefined);
    idle.send(message("GET", "/free/again"));
    assert.equal((await idle.response()).fields.get("connection"), undefined);
    using running = begin(port, "POST", "/held");
    await noted(server, /^POST held in/);
    await waitFor("the listener's end", () => refused(port));
    late.send(message("GET", "/free/last"));
    // One worker: it waits behind the one that runs.
    openGate(server, "held");
    assert.equal((await running.response()).fields.get("connection"), "close");
    assert.equal((await late.response()).fields.get("connection"), "close");
    for (const client of [running, late, idle]) client.end();
    assert.deepEqual(await server.exited(), { code: 0, signal: null });
  });

  it("is a part of --graceful-timeout", async () => {
    const args = ["--workers", "1", "--drain-delay", "500ms", "--graceful-timeout", "1s"];
    await using server = await startServer("hanging:app", { args });
    using hung = begin(server.port, "GET", "/sleep");
    await noted(server, /^GET \/sleep in/);
    const startedAt = performance.now();
    server.signal("SIGTERM");
    assert.deepEqual(await server.exited(), { code: 0, signal: null });
    const tookMs = performance.now() - startedAt;
    assert.ok(tookMs >= 990 && tookMs < 4000, `took ${tookMs} ms`);
    await hung.ended();
  });

  it("a second SIGTERM cuts it short", async () => {
    const args = ["--workers", "1", "--drain-delay", "20s"];
    await using server = await startServer("plain:app", { args });
    server.signal("SIGTERM");
    await server.logged("accepting goes on");
    const second = setInterval(() => server.signal("SIGTERM"), 100);
    assert.deepEqual(await server.exited(), { code: 0, signal: null });
    clearInterval(second);
    await server.logged("SIGTERM again: ending at once");
  });
});

describe("--drain-idle", () => {
  it("is how long an idle connection may still bring a request", async () => {
    const args = ["--workers", "1", "--drain-idle", "10s"];
    await using server = await startServer("gated:app", { args });
    using idle = begin(server.port, "GET", "/free");
    await idle.response();
    server.signal("SIGTERM");
    await server.logged("finishing 1 connection");
    idle.send(message("GET", "/free/again"));
    const response = await idle.response();
    assert.equal(response.status, 200);
    assert.equal(response.fields.get("connection"), "close");
    idle.end();
    assert.deepEqual(await server.exited(), { code: 0, signal: null });
  });

  it("is for what came in time too, though the front stood still until it was over", async () => {
    const args = ["--workers", "1", "--drain-idle", "500ms"];
    await using server = await startServer("plain:app", { args });
    using client = begin(server.port, "GET", "/");
    await client.response();
    server.signal("SIGTERM");
    await server.logged("finishing 1 connection");
    server.signal("SIGSTOP");
    await waitFor("the stop", () => stateOf(server.pid) === "T");
    client.send(message("GET", "/"));
    await new Promise((resolve) => setTimeout(resolve, 700));
    server.signal("SIGCONT");
    assert.equal((await client.response()).status, 200);
    client.end();
    assert.deepEqual(await server.exited(), { code: 0, signal: null });
  });

  for (const [when, idle] of [
    ["before it is over", "10s"],
    ["when it is over for the others", "500ms"],
  ] as const) {
    it(`is for those too whose answer had begun, and ends ${when}`, async () => {
      const directory = ServerUnderTest.makeDirectory();
      const gate = join(directory, "gate");
      const args = ["--workers", "1", "--drain-idle", idle];
      await using server = await startServer("halves:app", { args, directory });
      using other = begin(server.port, "POST", "/");
      await other.response();
      using client = begin(server.port, "GET", `/?drip=${gate}`);
      await waitFor("the head", () => client.received.includes("\r\n\r\n"));
      server.signal("SIGTERM");
      await server.logged("finishing 2 connections");
      if (idle === "500ms") await other.ended();
      writeFileSync(gate, "");
      const first = await client.response();
      assert.equal(first.fields.get("connection"), undefined);
      client.send(message("POST", "/", "body"));
      const second = await client.response();
      assert.equal(second.status, 200);
      assert.equal(second.fields.get("connection"), "close");
      client.end();
      other.end();
      assert.deepEqual(await server.exited(), { code: 0, signal: null });
    });
  }

  it("begins at the end of an answer that had begun, and not at that of the server", async () => {
    const directory = ServerUnderTest.makeDirectory();
    const gate = join(directory, "gate");
    const args = ["--workers", "1", "--drain-idle", "5s"];
    await using server = await startServer("halves:app", { args, directory });
    using idle = begin(server.port, "POST", "/");
    await idle.response();
    using client = begin(server.port, "GET", `/?drip=${gate}`);
    await waitFor("the head", () => client.received.includes("\r\n\r\n"));
    server.signal("SIGTERM");
    await server.logged("finishing 2 connections");
    await new Promise((resolve) => setTimeout(resolve, 3000));
    writeFileSync(gate, "");
    await client.response();
    await idle.ended(); // After 5 s of the server's end.
    client.send(message("POST", "/", "body"));
    assert.equal((await client.response()).status, 200);
    client.end();
    idle.end();
    assert.deepEqual(await server.exited(), { code: 0, signal: null });
  });

  it("ends who never closes its side, and does not wait for it", async () => {
    // Once is enough: a slow machine may be late, a server that waits for these clients (2 s and more) always is.
    let bestMs = Infinity;
    for (let turn = 0; turn < 3; turn++) {
      const args = ["--workers", "1", "--drain-idle", "0"];
      await using server = await startServer("plain:app", { args });
      const idle = Array.from({ length: 10 }, () => begin(server.port, "GET", "/"));
      for (const client of idle) await client.response();
      const startedAt = performance.now();
      server.signal("SIGTERM");
      for (const client of idle) await client.ended();
      assert.deepEqual(await server.exited(), { code: 0, signal: null });
      bestMs = Math.min(bestMs, performance.now() - startedAt);
      for (const client of idle) assert.equal(client.error, undefined);
      for (const client of idle) client.socket.destroy();
    }
    assert.ok(bestMs < 1500, `took ${bestMs} ms`);
  });
});

describe("a drain with nothing to do", () => {
  it("takes no time", async () => {
    const args = ["--workers", "1", "--drain-idle", "20s"];
    await using server = await startServer("plain:app", { args });
    assert.equal((await get(server.port, "/")).status, 200);
    await waitFor("its end", () => server.connections === 0);
    server.signal("SIGTERM");
    assert.deepEqual(await server.exited(10_000), { code: 0, signal: null });
  });
});
