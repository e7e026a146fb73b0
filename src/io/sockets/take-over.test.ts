import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { readInto } from "../net/read-buffer.ts";
import { DirectListener } from "./direct-listener.ts";
import { firstBytes, poller, SKIP } from "../../../test/support/direct-pair.ts";
import { DirectSocket } from "./direct-socket.ts";
import { takeOver, takeOverListening } from "./take-over.ts";

describe("what Node made", { skip: SKIP }, () => {
  let directory: string;
  let path: string;

  before(() => {
    directory = mkdtempSync(join(tmpdir(), "take-over-"));
    path = join(directory, "socket");
  });

  after(() => {
    rmSync(directory, { recursive: true });
  });

  /** An accepted socket of Node's and its client. */
  async function connected(): Promise<[Socket, Socket]> {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }).listen(path);
    const accepted = new Promise<Socket>((resolve) => {
      server.once("connection", resolve);
    });
    const client = connect(path);
    const socket = await accepted;
    server.close();
    return [socket, client];
  }

  it("goes on as a direct socket, with what has come already", async () => {
    const [socket, client] = await connected();
    client.end("before");
    const taken = takeOver(socket, poller());
    assert.ok(taken instanceof DirectSocket);
    const read: string[] = [];
    readInto(taken, Buffer.alloc(100), (bytes) => read.push(bytes.toString()));
    await once(taken, "end");
    assert.deepEqual(read, ["before"]);
    taken.write(Buffer.from("answer"));
    taken.end();
    assert.equal(await firstBytes(client), "answer");
    await once(client, "close");
  });

  it("stays with Node when there is no descriptor for it", async (test) => {
    const [socket, client] = await connected();
    test.mock.method(poller().libc, "duplicate", () => -1);
    const taken = takeOver(socket, poller());
    assert.equal(taken, socket);
    const read: string[] = [];
    readInto(taken, Buffer.alloc(100), (bytes) => read.push(bytes.toString()));
    client.end("bytes");
    await once(socket, "end");
    assert.deepEqual(read, ["bytes"]);
    taken.destroy();
    client.destroy();
  });

  it("listens on at its path, which stays as it is", async () => {
    const server = createServer().listen(path);
    await once(server, "listening");
    const fd = takeOverListening(server, path, poller());
    await once(server, "close");
    assert.ok(existsSync(path));
    assert.deepEqual(readdirSync(directory), ["socket"]);
    const accepted = new Promise<DirectSocket>((resolve, reject) => {
      const listener = new DirectListener(fd, poller(), {
        onConnection: (socket) => {
          listener.close();
          resolve(socket);
        },
        onError: reject,
      });
    });
    const client = connect(path);
    (await accepted).destroy();
    client.destroy();
  });
});
