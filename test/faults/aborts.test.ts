// Clients that go in the middle, 500 of each kind: nothing of them may stay.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { get, spoolFiles } from "../support/answers-app.ts";
import { openDescriptors, residentKiB } from "../support/processes.ts";
import { RawClient, rawRequest } from "../support/raw-client.ts";
import { startServer, waitFor, type ServerUnderTest } from "../support/server.ts";

const MIB = 2 ** 20;
const ABORTS = 500;
/** So many at the same time. */
const BATCH = 25;
/** Before the first look: by then V8 and malloc have the room that such a load takes, and keep it. */
const FIRST = 300;
/** They come and go within some 30 MiB. A quarter of a MiB for each abort would be far beyond this. */
const SLACK_KIB = 64 * 1024;

interface Kind {
  /** Resolves when the client is in the middle of what it does. */
  begin(client: RawClient, server: ServerUnderTest): Promise<void>;
}

const KINDS: Readonly<Record<string, Kind>> = {
  "an upload that goes to a file": {
    begin: async (client) => {
      client.send(`POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: ${8 * MIB}\r\n`);
      client.send("Expect: 100-continue\r\n\r\n");
      await client.response();
      client.send(Buffer.alloc(256 * 1024));
    },
  },
  "a chunked upload": {
    begin: async (client) => {
      client.send("POST /upload HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n");
      client.send("Expect: 100-continue\r\n\r\n");
      await client.response();
      client.send("1000\r\nabc");
    },
  },
  "a download": {
    begin: async (client) => {
      client.send(get(`/stream?n=${4 * MIB}`));
      await client.bytes(1);
      client.pause();
    },
  },
  "a head": {
    begin: async (client, { port }) => {
      client.send("GET /list?n=1 HTTP/1.1\r\nHost: a\r\nX-Half: ");
      // The server has accepted it once it answers another, later one.
      if (Math.random() < 0.1) await rawRequest(port, get("/list?n=1"));
    },
  },
};

/** By kind of figure: of the whole tree, so that a leak anywhere shows. */
function figuresOf(server: ServerUnderTest): { processes: number[]; descriptors: number[] } {
  const processes = [server.pid, ...server.zygotes, ...server.workers];
  return { processes, descriptors: processes.map(openDescriptors) };
}

async function abort(server: ServerUnderTest, kind: Kind, count: number): Promise<void> {
  for (let done = 0; done < count; done += BATCH) {
    const clients = Array.from({ length: BATCH }, () => new RawClient(server.port));
    await Promise.all(clients.map((client) => kind.begin(client, server)));
    for (const [index, client] of clients.entries()) {
      if (index % 2 === 0) client.reset();
      else client.socket.destroy();
    }
  }
}

async function settled(server: ServerUnderTest): Promise<void> {
  await waitFor("all connections to end", () => server.connections === 0, 60_000);
  await waitFor("no file left", () => spoolFiles(server).length === 0);
}

for (const [name, kind] of Object.entries(KINDS)) {
  describe(`${ABORTS} clients that go in the middle of ${name}`, () => {
    it("leave descriptors, files, memory and processes as they were", async () => {
      const args = ["--workers", "2", "--body-memory", "64KiB", "--response-memory", "64KiB"];
      await using server = await startServer("answers:app", { args });
      await waitFor("both workers", () => server.workers.length === 2);
      await abort(server, kind, FIRST);
      await settled(server);
      const before = figuresOf(server);
      const beforeKiB = before.processes.map(residentKiB);
      await abort(server, kind, ABORTS);
      await settled(server);
      await waitFor("as many descriptors as before", () => {
        return figuresOf(server).descriptors.every(
          (count, index) => count <= (before.descriptors[index] ?? 0),
        );
      });
      assert.deepEqual(figuresOf(server).processes, before.processes);
      for (const [index, pid] of before.processes.entries()) {
        const grownKiB = residentKiB(pid) - (beforeKiB[index] ?? 0);
        assert.ok(grownKiB < SLACK_KIB, `process ${index} has grown by ${grownKiB} KiB`);
      }
      const answer = await rawRequest(server.port, get("/list?n=1000"));
      assert.equal(answer.status, 200);
    });
  });
}
