import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, Socket, type Server } from "node:net";
import { after, before, describe, it } from "node:test";
import { ReadBuffer } from "./read-buffer.ts";

const LARGE = 40 * 1024;

describe("a read buffer", () => {
  let server: Server;
  let accepted: Promise<Socket>;
  let client: Socket;

  before(async () => {
    server = createServer({ allowHalfOpen: true, pauseOnConnect: true }).listen(0, "127.0.0.1");
    await once(server, "listening");
  });

  after(() => {
    server.close();
  });

  function port(): number {
    const address = server.address();
    return typeof address === "object" ? (address?.port ?? 0) : 0;
  }

  function openClient(): void {
    accepted = new Promise((resolve) => {
      server.once("connection", resolve);
    });
    client = connect(port(), "127.0.0.1");
  }

  it("reads into the shared buffer with this version of Node", async () => {
    openClient();
    const shared = new ReadBuffer();
    let read: Buffer | undefined;
    let kept: Uint8Array | undefined;
    const socket = await accepted;
    shared.read(socket, (bytes) => {
      read = bytes;
      kept = shared.keep(bytes);
    });
    client.end("hello");
    await once(socket, "end");
    // Only what lies in the shared buffer has to be copied.
    assert.notEqual(kept?.buffer, read?.buffer);
    socket.destroy();
  });

  it("hands over all bytes in order, whatever their sizes, and keeps what it is told to keep", async () => {
    openClient();
    const kept: Uint8Array[] = [];
    const socket = await accepted;
    const shared = new ReadBuffer();
    shared.read(socket, (bytes) => {
      // In two pieces, as a head with the start of a body.
      const at = Math.min(3, bytes.length);
      kept.push(shared.keep(bytes.subarray(0, at)), shared.keep(bytes.subarray(at)));
    });
    const sent = Buffer.alloc(5 * LARGE + 17, "0123456789abcdefg");
    for (const end of [5, 100, LARGE, 3 * LARGE, sent.length]) {
      client.write(sent.subarray(Buffer.concat(kept).length, end));
      while (Buffer.concat(kept).length < end) await new Promise(setImmediate);
    }
    client.end();
    await once(socket, "end");
    assert.deepEqual(Buffer.concat(kept), sent);
    socket.destroy();
  });

  it("stops and goes on reading with pause and resume", async () => {
    openClient();
    let length = 0;
    const socket = await accepted;
    new ReadBuffer().read(socket, (bytes) => {
      length += bytes.length;
    });
    socket.pause();
    client.write("abc");
    // Longer than the bytes need on loopback, and nothing else is awaited.
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(length, 0);
    socket.resume();
    client.end();
    await once(socket, "end");
    assert.equal(length, 3);
    socket.destroy();
  });

  it("reads in the usual way what is no plain socket of Node", async () => {
    class Other extends Socket {}
    const other = new Other({ allowHalfOpen: true });
    const shared = new ReadBuffer();
    const received: Buffer[] = [];
    shared.read(other, (bytes) => {
      received.push(bytes);
      assert.equal(shared.keep(bytes), bytes, "it lies in the shared buffer");
    });
    server.once("connection", (peer) => {
      peer.end("as usual");
    });
    other.connect(port(), "127.0.0.1");
    await once(other, "end");
    assert.equal(Buffer.concat(received).toString(), "as usual");
    other.destroy();
  });
});
