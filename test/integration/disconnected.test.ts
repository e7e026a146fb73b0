// What the application learns of a client that has sent FIN (design section 2).

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { noted, openGate } from "../support/record.ts";
import { isAlive } from "../support/processes.ts";
import { begin } from "../support/requests.ts";
import { startServer, waitFor, type ServerUnderTest } from "../support/server.ts";

describe('environ["rickhouse.client_disconnected"]', () => {
  it("turns true while the request runs, and the answer still arrives", async () => {
    await using server = await startServer("disconnecting:app", { args: ["--workers", "1"] });
    using client = begin(server.port, "GET", "/running");
    await noted(server, "running");
    client.end();
    assert.equal((await client.response()).body.toString(), "gone");
  });

  it("is true for a request whose client sent FIN while it waited", async () => {
    await using server = await startServer("disconnecting:app", { args: ["--workers", "1"] });
    using held = begin(server.port, "GET", "/held");
    await noted(server, "held");
    using client = begin(server.port, "GET", "/waiting");
    client.end();
    await waitFor("its FIN to be read", () => server.halfClosedConnections === 1);
    openGate(server, "held");
    assert.equal((await client.response()).body.toString(), "gone");
    assert.equal((await held.response()).body.toString(), "held");
  });
});

describe("a worker that retires while it answers", () => {
  it("hears that a client has sent FIN", async () => {
    await using server = await startServer("disconnecting:app", { args: ["--workers", "1"] });
    using client = begin(server.port, "GET", "/running");
    await noted(server, "running");
    await reload(server);
    client.end();
    assert.equal((await client.response()).body.toString(), "gone");
  });

  for (const threads of [1, 2]) {
    it(`ends an answer that nobody waits for, and itself, with --threads ${threads}`, async () => {
      const args = ["--workers", "1", "--threads", String(threads)];
      await using server = await startServer("disconnecting:app", { args });
      const [old = 0] = server.workers;
      using client = begin(server.port, "GET", "/endless");
      await noted(server, "endless");
      await reload(server);
      client.reset();
      await noted(server, "closed");
      await waitFor("its end", () => !isAlive(old));
    });
  }
});

/** The new code serves, and the old worker was told. */
async function reload(server: ServerUnderTest): Promise<void> {
  server.signal("SIGHUP");
  await server.logged("generation 2 serves");
}
