import assert from "node:assert/strict";
import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { StatusDocument } from "../../src/io/admin/documents.ts";
import { ADMIN_ARGS, adminPort, ask, askJson } from "../support/admin.ts";
import { noted, openGate } from "../support/record.ts";
import { begin, get } from "../support/requests.ts";
import { ServerUnderTest, startServer, waitFor } from "../support/server.ts";

const TOKEN = "0123456789abcdef0123456789abcdef";

describe("the admin address", () => {
  let server: ServerUnderTest;
  let port: number;
  before(async () => {
    const args = [...ADMIN_ARGS, "--workers", "2", "--health-path", "/healthz"];
    server = await startServer("gated:app", { args });
    port = await adminPort(server);
  });
  after(() => server.stop());

  it("tells that the server is alive and ready", async () => {
    for (const [path, word] of [
      ["/livez", "alive\n"],
      ["/readyz", "ready\n"],
    ] as const) {
      const { status, body, headers } = await ask(port, path);
      assert.deepEqual([status, body], [200, word]);
      assert.equal(headers["cache-control"], "no-store");
    }
  });

  it("answers HEAD without a body, another method with 405, another path with 404", async () => {
    for (const path of ["/readyz", "/events"]) {
      const head = await ask(port, path, { method: "HEAD" });
      assert.deepEqual([head.status, head.body], [200, ""]);
    }
    const post = await ask(port, "/status", { method: "POST" });
    assert.deepEqual([post.status, post.headers.allow], [405, "GET"]);
    assert.equal((await ask(port, "/nothing")).status, 404);
  });

  it("answers --health-path on the main address, and only there", async () => {
    const health = await get(server.port, "/healthz");
    assert.equal(health.status, 200);
    assert.match(health.body.toString(), /^200 OK\n\nReady\.\n/);
    // Not the same path: the application's.
    assert.equal((await get(server.port, "/free/healthz")).body.toString(), "free/healthz");
  });

  it("names what each worker is running while all of them hang, and answers all the while", async () => {
    using first = begin(server.port, "GET", "/one?secret=1");
    using second = begin(server.port, "POST", "/two");
    using third = begin(server.port, "GET", "/three");
    await noted(server, /^GET one in/);
    await noted(server, /^POST two in/);
    const status = await waitFor("a request in the queue", async () => {
      const document = await askJson<StatusDocument>(port, "/status");
      return document.queue.waiting === 1 && document.queue.oldestAgeSeconds > 0 && document;
    });
    const running = status.workers.flatMap(({ threads }) =>
      threads.map((thread) => thread.running),
    );
    assert.deepEqual(running.map((one) => `${one?.method} ${one?.path}`).toSorted(), [
      "GET /one",
      "POST /two",
    ]);
    assert.ok(running.every((one) => one !== null && one.runningSeconds > 0));
    assert.ok(!JSON.stringify(status).includes("secret"), "the query is shown");
    assert.deepEqual([status.queue.threads, status.queue.busyThreads], [2, 2]);
    assert.equal(status.connections.byState.waiting, 1);
    assert.equal(status.connections.byState.running, 2);
    // Health is not queued either.
    assert.equal((await get(server.port, "/healthz")).status, 200);
    assert.equal((await ask(port, "/readyz")).status, 200);
    for (const name of ["one", "two", "three"]) openGate(server, name);
    for (const client of [first, second, third]) {
      assert.equal((await client.response()).status, 200);
    }
  });

  it("shows the server as it is", async () => {
    await get(server.port, "/free");
    const status = await askJson<StatusDocument>(port, "/status");
    assert.equal(status.application, "gated:app");
    assert.deepEqual([status.state, status.ready, status.reason], ["serving", true, null]);
    assert.deepEqual(status.listeners, [server.url]);
    assert.equal(status.pid, server.pid);
    assert.deepEqual(new Set(status.workers.map(({ pid }) => pid)), new Set(server.workers));
    assert.equal(status.workersWanted, 2);
    assert.equal(status.options["--workers"], "2");
    assert.ok((status.requests.byStatus["200"] ?? 0) >= 1);
    const served = status.workers.reduce((sum, worker) => sum + worker.served, 0);
    assert.ok(served >= 5, `served ${served}`);
    assert.ok(status.workers.every(({ memoryBytes }) => (memoryBytes ?? 0) > 2 ** 20));
  });

  it("is not deceived by the name of another host, nor by pages of other sites", async () => {
    const rebound = { headers: { host: "evil.example:80" } };
    assert.equal((await ask(port, "/status", rebound)).status, 403);
    const foreign = { headers: { origin: "http://evil.example" } };
    assert.equal((await ask(port, "/status", foreign)).status, 403);
  });
});

describe("--direct-sockets", () => {
  const kinds = [
    ["auto", process.platform === "linux" ? "direct" : "node"],
    ["off", "node"],
  ] as const;
  for (const [value, kind] of kinds) {
    it(`${value}: the status says which sockets there are`, async () => {
      const args = [...ADMIN_ARGS, "--direct-sockets", value];
      await using server = await startServer("echo:app", { args });
      const status = await askJson<StatusDocument>(await adminPort(server), "/status");
      assert.equal(status.sockets, kind);
    });
  }
});

describe("readiness", () => {
  it("comes with the first worker and goes first of all at the end", async () => {
    const args = [...ADMIN_ARGS, "--workers", "1", "--drain-delay", "20s"];
    await using server = await startServer("gated:app", {
      args: [...args, "--health-path", "/healthz"],
    });
    const port = await adminPort(server);
    using client = begin(server.port, "GET", "/last");
    await noted(server, /^GET last in/);
    server.signal("SIGTERM");
    const refused = await waitFor("readiness to fail", async () => {
      const answer = await ask(port, "/readyz");
      return answer.status === 503 && answer;
    });
    assert.match(refused.body, /^draining/);
    // The main address still accepts, and says the same.
    assert.equal((await get(server.port, "/healthz")).status, 503);
    assert.equal((await ask(port, "/livez")).status, 200);
    const status = await askJson<StatusDocument>(port, "/status");
    assert.deepEqual([status.state, status.ready], ["draining", false]);
    openGate(server, "last");
    assert.equal((await client.response()).status, 200);
    // The delay need not be waited for: a second signal ends it, once it is not taken for the same wish.
    await waitFor("the end at once", () => {
      server.signal("SIGTERM");
      return server.stderr.includes("ending at once");
    });
    assert.equal((await server.exited()).code, 0);
  });

  it("is not there before the application is", async () => {
    const directory = ServerUnderTest.makeDirectory();
    const socket = join(directory, "admin.sock");
    await using server = new ServerUnderTest(join(import.meta.dirname, "../apps/slow_import:app"), {
      args: ["--admin", `unix:${socket}`, "--workers", "1", "--start-timeout", "60s"],
      directory,
    });
    await noted(server, "importing");
    assert.equal((await ask(socket, "/livez")).status, 200);
    const answer = await ask(socket, "/readyz");
    assert.deepEqual([answer.status, answer.body], [503, "starting: no worker is ready yet\n"]);
    openGate(server, "import");
    await server.ready();
    assert.equal((await ask(socket, "/readyz")).status, 200);
    assert.equal(statSync(socket).mode & 0o777, 0o600);
  });
});

describe("--admin-token", () => {
  it("guards all but the probes, and is shown nowhere", async () => {
    const directory = ServerUnderTest.makeDirectory();
    const path = join(directory, "token");
    writeFileSync(path, `${TOKEN}\n`);
    const args = ["--admin", "0.0.0.0:0", "--admin-token", `file:${path}`, "--workers", "1"];
    await using server = await startServer("surroundings:app", { args, directory });
    const port = await adminPort(server);
    assert.equal((await ask(port, "/readyz")).status, 200);
    const without = await ask(port, "/status");
    assert.equal(without.status, 401);
    assert.match(without.headers["www-authenticate"] ?? "", /^Basic/);
    const wrong = { headers: { authorization: "Bearer 0123456789abcdef" } };
    assert.equal((await ask(port, "/status", wrong)).status, 401);
    const authorization = `Bearer ${TOKEN}`;
    // With the token, any name will do: a proxy stands in front, say.
    const right = await ask(port, "/status", { headers: { authorization, host: "app.example" } });
    assert.equal(right.status, 200);
    assert.ok(!right.body.includes(TOKEN));
    const crossSite = { authorization, "sec-fetch-site": "cross-site" };
    assert.equal((await ask(port, "/status", { headers: crossSite })).status, 403);
  });

  for (const [name, args, expected] of [
    [
      "an address that others can reach",
      ["--admin", "0.0.0.0:0"],
      "--admin 0.0.0.0:0 does not go with no --admin-token; give a token, or listen on 127.0.0.1 or unix:PATH",
    ],
    [
      "a file that is not there",
      [...ADMIN_ARGS, "--admin-token", "file:/nowhere/token"],
      "--admin-token file:/nowhere/token: cannot be read (ENOENT); name a file that holds the token alone, made with: openssl rand -hex 32",
    ],
    [
      "an address that is not ours",
      ["--admin", "192.0.2.1:1", "--admin-token", TOKEN],
      "--admin: 192.0.2.1:1 is no address of this machine; choose another address, stop what listens there, or write --admin off",
    ],
  ] as const) {
    it(`ends the start for ${name}`, async () => {
      const path = join(import.meta.dirname, "../apps/plain:app");
      await using server = new ServerUnderTest(path, { args });
      const { code } = await server.exited();
      assert.ok(code === 2 || code === 4, `exit code ${code}`);
      assert.equal(server.stderr, `rickhouse: ${expected}\n`);
    });
  }
});
