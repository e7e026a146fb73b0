// What the application learns of a client that has sent FIN (design section 2).

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { noted, openGate } from "../support/record.ts";
import { begin } from "../support/requests.ts";
import { startServer, waitFor } from "../support/server.ts";

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
