import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { RawClient } from "../support/raw-client.ts";
import { noted, openGate, recordOf } from "../support/record.ts";
import { begin, get } from "../support/requests.ts";
import { ServerUnderTest, startServer, waitFor } from "../support/server.ts";

/** A server with one worker, which is held by the request /held. */
async function startHeld(
  args: readonly string[],
  directory?: string,
): Promise<{ server: ServerUnderTest; held: RawClient } & AsyncDisposable> {
  const server = await startServer("gated:app", {
    args: ["--workers", "1", ...args],
    ...(directory === undefined ? {} : { directory }),
  });
  const held = begin(server.port, "GET", "/held");
  await noted(server, /^GET held in/);
  const dispose = async (): Promise<void> => {
    held[Symbol.dispose]();
    await server[Symbol.asyncDispose]();
  };
  return { server, held, [Symbol.asyncDispose]: dispose };
}

function namesOf(server: ServerUnderTest): string[] {
  return recordOf(server).map((line) => line.split(" ")[1] ?? "");
}

describe("the queue", () => {
  it("refuses at once with 503 and Retry-After when it is full", async () => {
    await using loaded = await startHeld(["--queue-length", "2"]);
    const { server, held } = loaded;
    using first = begin(server.port, "GET", "/free/1");
    using second = begin(server.port, "GET", "/free/2");
    await waitFor("three connections", () => server.connections === 3);
    const rest = await get(server.port, "/free/more");
    assert.equal(rest.status, 503);
    assert.match(rest.fields.get("retry-after") ?? "", /^\d+$/);
    assert.match(rest.body.toString(), /overloaded/);
    openGate(server, "held");
    assert.equal((await held.response()).status, 200);
    assert.equal((await first.response()).status, 200);
    assert.equal((await second.response()).status, 200);
    assert.ok(!namesOf(server).includes("free/more"));
  });

  it("gives 503 with Retry-After to who waited for --queue-timeout, and never runs it", async () => {
    await using loaded = await startHeld(["--queue-timeout", "300ms"]);
    const { server, held } = loaded;
    const startedAt = performance.now();
    const late = await get(server.port, "/free/late");
    const waitedMs = performance.now() - startedAt;
    assert.equal(late.status, 503);
    assert.match(late.fields.get("retry-after") ?? "", /^\d+$/);
    assert.ok(waitedMs >= 300 && waitedMs < 8000, `waited ${waitedMs} ms`);
    openGate(server, "held");
    assert.equal((await held.response()).status, 200);
    assert.equal((await get(server.port, "/free/next")).status, 200);
    assert.deepEqual(namesOf(server), ["held", "free/next"]);
  });

  it("forgets who has gone: a reset at once, a FIN after a second; both are logged as 499 and never run", async () => {
    const directory = ServerUnderTest.makeDirectory();
    const log = join(directory, "access");
    await using loaded = await startHeld(["--access-log", log], directory);
    const { server } = loaded;
    const lines = (): string => (existsSync(log) ? readFileSync(log, "latin1") : "");
    using reset = begin(server.port, "GET", "/free/reset");
    using halfClosed = begin(server.port, "GET", "/free/half-closed");
    using patient = begin(server.port, "GET", "/free/patient");
    await waitFor("three more connections", () => server.connections === 4);
    reset.socket.resetAndDestroy();
    await waitFor("its line", () => lines().includes('"target":"/free/reset","status":499'));
    halfClosed.end();
    await waitFor("its line", () => lines().includes('"target":"/free/half-closed","status":499'));
    openGate(server, "held");
    assert.equal((await patient.response()).status, 200);
    assert.deepEqual(namesOf(server), ["held", "free/patient"]);
  });

  it("answers a client that sent FIN behind its request, if a worker is free in time", async () => {
    await using server = await startServer("gated:app", { args: ["--workers", "1"] });
    using client = begin(server.port, "GET", "/free/fin");
    client.end();
    assert.equal((await client.response()).status, 200);
    await client.ended();
  });

  it("serves the newest first once the oldest has waited for a second", async () => {
    await using loaded = await startHeld([]);
    const { server, held } = loaded;
    using first = begin(server.port, "GET", "/free/1");
    await waitFor("the second connection", () => server.connections === 2);
    const waitsSince = performance.now();
    using second = begin(server.port, "GET", "/free/2");
    await waitFor("the third connection", () => server.connections === 3);
    using third = begin(server.port, "GET", "/free/3");
    await waitFor("the fourth connection", () => server.connections === 4);
    await waitFor("the second to be over", () => performance.now() - waitsSince > 1050);
    openGate(server, "held");
    for (const client of [held, first, second, third]) {
      assert.equal((await client.response()).status, 200);
    }
    assert.deepEqual(namesOf(server), ["held", "free/3", "free/2", "free/1"]);
  });
});
