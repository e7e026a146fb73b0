// webserver1, client1, webserver3a, webserver3b: one process, one client at a time.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, it } from "node:test";
import { ask, Client } from "./support/client.ts";
import { runLab, startServer } from "./support/lab-process.ts";
import { waitFor } from "./support/wait-for.ts";

const ANSWER = "HTTP/1.1 200 OK\r\n\r\nHello, World!\n";

describe("webserver1", () => {
  it("answers one request after the other and prints them", async () => {
    await using server = await startServer("webserver1");
    assert.equal(await ask(server.port), ANSWER);
    assert.equal(await ask(server.port, "GET /again HTTP/1.1\r\n\r\n"), ANSWER);
    await server.printed(/GET \/hello HTTP\/1\.1\r\n[^]*GET \/again/);
  });

  it("answers what telnet sends: a request line without Host", async () => {
    await using server = await startServer("webserver1");
    assert.equal(await ask(server.port, "GET /hello HTTP/1.1\r\n"), ANSWER);
  });

  it("answers curl", async () => {
    await using server = await startServer("webserver1");
    const url = `http://127.0.0.1:${server.port}/hello`;
    const curl = spawnSync("curl", ["--silent", "--max-time", "10", url], { encoding: "utf8" });
    assert.deepEqual([curl.status, curl.stdout], [0, "Hello, World!\n"]);
  });

  it("ends by Ctrl-C while it sleeps in accept", async () => {
    await using server = await startServer("webserver1");
    server.signal("SIGINT");
    assert.equal((await server.exited()).signal, "SIGINT");
  });

  it("says that its port is taken", async () => {
    await using server = await startServer("webserver1");
    const second = await runLab("webserver1", { env: { PORT: String(server.port) } });
    assert.equal(second.code, 1);
    assert.match(second.output, /bind: \[errno 98, EADDRINUSE\] Address already in use/);
  });
});

describe("client1", () => {
  it("prints what the server sends, until it ends", async () => {
    await using server = await startServer("webserver1");
    const client = await runLab("client1", {
      args: ["/from-client1"],
      env: { PORT: String(server.port) },
    });
    assert.equal(client.code, 0);
    assert.match(client.output, /^Connected from port \d+ to port \d+\nHTTP\/1\.1 200 OK/);
    assert.match(client.output, /Hello, World!/);
    await server.printed(/GET \/from-client1 HTTP\/1\.1/);
  });
});

describe("webserver3a", () => {
  it("handles the second client after the first has sent its request", async () => {
    await using server = await startServer("webserver3a");
    using first = new Client(server.port, "");
    using second = new Client(server.port);
    // The kernel has connected both: the second one waits in the backlog although its request is there.
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.equal(second.received, "");
    first.send("GET / HTTP/1.1\r\n\r\n");
    assert.equal(await first.answer(), ANSWER);
    assert.equal(await second.answer(), ANSWER);
  });
});

describe("webserver3b", () => {
  it("lets the second client wait while it sleeps for the first", async () => {
    await using server = await startServer("webserver3b", { env: { SLEEP: "2" } });
    const startMs = performance.now();
    using first = new Client(server.port);
    await first.receives("Hello, World!");
    assert.ok(!first.hasEnded, "the first is answered, and its connection is still open");
    using second = new Client(server.port);
    await second.receives("Hello, World!");
    assert.ok(first.hasEnded);
    assert.ok(performance.now() - startMs >= 2000, "the second waited for the sleep of the first");
    await waitFor(
      () => "the end of the second",
      () => second.hasEnded,
    );
    assert.ok(performance.now() - startMs >= 4000, "and the sleep of its own");
  });
});
