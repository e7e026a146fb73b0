import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { RawClient, rawRequest } from "../support/raw-client.ts";
import { isAlive } from "../support/processes.ts";
import { startServer, waitFor } from "../support/server.ts";

describe("a server with a plain application", () => {
  it("answers, and leaves no process and no file behind", async () => {
    const server = await startServer("plain:app", { args: ["--workers", "2"] });
    const response = await rawRequest(server.port, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert.equal(response.status, 200);
    assert.equal(response.body.toString(), "Hello, World!\n");
    await waitFor("two workers", () => server.workers.length === 2);
    await server.stop();
  });

  it("answers pipelined requests in order and keeps the connection", async () => {
    await using server = await startServer("plain:app");
    using client = new RawClient(server.port);
    client.send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
    assert.equal((await client.response()).status, 200);
    assert.equal((await client.response()).status, 200);
    client.send("GET /3 HTTP/1.1\r\nHost: a\r\n\r\n");
    assert.equal((await client.response()).status, 200);
    assert.equal(client.hasEnded, false);
  });

  it("leaves nothing behind when its front is killed", async () => {
    const server = await startServer("plain:app", { args: ["--workers", "2"] });
    await waitFor("two workers", () => server.workers.length === 2);
    const processes = [...server.zygotes, ...server.workers];
    server.signal("SIGKILL");
    await waitFor("their end", () => !processes.some(isAlive));
    await server[Symbol.asyncDispose]();
  });
});
