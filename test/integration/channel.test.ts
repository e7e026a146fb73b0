// The socket to which workers connect: nobody else gets in (design section 2, HELLO).

import assert from "node:assert/strict";
import { readdirSync, statSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { describe, it } from "node:test";
import { get } from "../support/requests.ts";
import { startServer, waitFor, type ServerUnderTest } from "../support/server.ts";

const HELLO_TYPE = 1;
const HEADER_BYTES = 16;

function privateDirectoryOf(server: ServerUnderTest): string {
  const name = readdirSync(server.temporaryDirectory).find((each) => each.startsWith("rickhouse-"));
  return join(server.temporaryDirectory, name ?? "");
}

/** docs/protocol.md section 1. */
function hello(token: Buffer): Buffer {
  const payload = Buffer.concat([token, Buffer.from([1, 0, 0, 0, 0, 0, 0, 0])]);
  payload.writeUInt32LE(process.pid, 20);
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32LE(payload.length, 0);
  header.writeUInt8(HELLO_TYPE, 4);
  return Buffer.concat([header, payload]);
}

async function sendAndWaitForTheEnd(path: string, bytes: Buffer): Promise<Buffer> {
  const received: Buffer[] = [];
  let isOver = false;
  const socket: Socket = connect(path, () => socket.write(bytes));
  socket.on("data", (chunk) => received.push(chunk));
  socket.on("error", () => {});
  socket.on("close", () => {
    isOver = true;
  });
  await waitFor("the end of the connection", () => isOver);
  return Buffer.concat(received);
}

describe("the workers' socket", () => {
  it("lies in a directory for the server's user alone", async () => {
    await using server = await startServer("plain:app", { args: ["--workers", "1"] });
    const directory = privateDirectoryOf(server);
    assert.equal(statSync(directory).mode & 0o777, 0o700);
    assert.ok(statSync(join(directory, "channel.sock")).isSocket());
  });

  it("refuses wrong tokens and garbage, says so, and its workers serve on", async () => {
    await using server = await startServer("plain:app", { args: ["--workers", "1"] });
    const { workers } = server;
    const path = join(privateDirectoryOf(server), "channel.sock");
    const intruders = [
      hello(Buffer.alloc(16, 7)),
      hello(Buffer.alloc(16, 0)),
      Buffer.alloc(64, 0xff),
      Buffer.from("GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
      hello(Buffer.alloc(16)).subarray(HEADER_BYTES),
    ];
    for (const bytes of intruders) {
      assert.equal((await sendAndWaitForTheEnd(path, bytes)).length, 0);
      assert.equal((await get(server.port, "/")).status, 200);
    }
    await server.logged(/warning: a connection to the workers' socket was refused: .*token/);
    assert.deepEqual(server.workers, workers);
  });

  it("takes each token once", async () => {
    // The application itself knows its worker's token, in the frames of the code that forked it.
    await using server = await startServer("token_thief:app", { args: ["--workers", "1"] });
    const { workers } = server;
    const stolen = (await get(server.port, "/")).body.toString();
    assert.match(stolen, /^[0-9a-f]{32}$/);
    const path = join(privateDirectoryOf(server), "channel.sock");
    const answer = await sendAndWaitForTheEnd(path, hello(Buffer.from(stolen, "hex")));
    assert.equal(answer.length, 0);
    assert.equal((await get(server.port, "/")).status, 200);
    assert.deepEqual(server.workers, workers);
  });

  it("a worker that breaks the protocol is killed and replaced, and its request gets 502", async () => {
    await using server = await startServer("channel_abuser:app", { args: ["--workers", "1"] });
    const [abuser = 0] = server.workers;
    using client = await import("../support/requests.ts").then(({ begin }) =>
      begin(server.port, "POST", "/abuse"),
    );
    assert.equal((await client.response()).status, 502);
    await server.logged(/broke the protocol/);
    await waitFor("its replacement", () => {
      return server.workers.length === 1 && !server.workers.includes(abuser);
    });
    assert.equal((await get(server.port, "/")).status, 200);
  });
});
