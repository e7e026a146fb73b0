// webserver3e, webserver3f, webserver3g: who takes the ended children out of the process table.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { ask, Client } from "./support/client.ts";
import { LabProcess, startServer } from "./support/lab-process.ts";
import { waitFor } from "./support/wait-for.ts";

const CLIENTS = 128;
const ANSWER = "HTTP/1.1 200 OK\r\n\r\nHello, World!\n";

describe("webserver3e", () => {
  it("waits for its child, and dies of EINTR in accept", async () => {
    await using server = await startServer("webserver3e", { env: { SLEEP: "2" } });
    using client = new Client(server.port);
    await client.receives("Hello, World!");
    const [, child] = await server.printed(/Child (\d+) handles/);
    assert.equal((await server.exited()).code, 1);
    assert.match(server.output, new RegExp(`Child ${child} terminated with status 0\n`));
    assert.match(server.output, /accept: \[errno 4, EINTR\] Interrupted system call/);
    assert.match(server.output, /at .*webserver3e\.ts:\d+/, "says where");
  });
});

describe("webserver3f", () => {
  it("accepts again: no zombie while clients come one after the other", async () => {
    await using server = await startServer("webserver3f");
    for (let i = 0; i < 3; i++) {
      assert.equal(await ask(server.port), ANSWER);
      await childless(server);
    }
  });

  it("leaves zombies in at least 4 of 5 runs with 128 clients at once", async (t) => {
    const counts: number[] = [];
    for (let run = 0; run < 5; run++) {
      await using server = await startServer("webserver3f");
      await manyClients(server);
      // The parent has had its last signal, and needs a moment to act on it.
      await new Promise((resolve) => setTimeout(resolve, 100));
      counts.push(server.children.zombies.length);
    }
    t.diagnostic(`zombies: ${counts.join(", ")}`);
    assert.ok(counts.filter((count) => count > 0).length >= 4, counts.join(", "));
  });
});

describe("webserver3g", () => {
  it("leaves none in 20 of 20 runs with 128 clients at once", async () => {
    for (let run = 0; run < 20; run++) {
      await using server = await startServer("webserver3g");
      await manyClients(server);
      await childless(server);
    }
  });

  it("serves on after them", async () => {
    await using server = await startServer("webserver3g");
    await manyClients(server);
    assert.equal(await ask(server.port), ANSWER);
    await childless(server);
  });
});

/** Until every client was answered and no child runs any more. */
async function manyClients(server: LabProcess): Promise<void> {
  await using clients = new LabProcess("client3", {
    args: ["--max-clients", String(CLIENTS), "--max-conns", "1"],
    env: { PORT: String(server.port) },
  });
  await clients.printed(/128 clients started/, 60_000);
  // A client counts as answered when the server's child has closed: it then shows in /proc/net/tcp as CLOSE_WAIT on the client's side.
  await waitFor(
    () => "128 answered clients",
    () => closedByServer(server.port) === CLIENTS,
    60_000,
  );
  await waitFor(
    () => "the end of the children",
    () => server.children.running.length === 0,
  );
}

async function childless(server: LabProcess): Promise<void> {
  await waitFor(
    () => `no child: ${JSON.stringify(server.children)}`,
    () => server.children.running.length + server.children.zombies.length === 0,
  );
}

/** Connections to `port` whose client has seen the end and keeps its side open (CLOSE_WAIT). */
function closedByServer(port: number): number {
  const remote = `0100007F:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const lines = readFileSync("/proc/net/tcp", "latin1").split("\n");
  return lines.filter((line) => {
    const [, , to, state] = line.trim().split(/\s+/);
    return to === remote && state === "08";
  }).length;
}
