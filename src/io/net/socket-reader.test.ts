import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, Socket, type Server } from "node:net";
import { after, before, describe, it } from "node:test";
import { newReadBuffer, SocketReader } from "./socket-reader.ts";

const LARGE = 40 * 1024;

describe("SocketReader", () => {
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
    const shared = newReadBuffer();
    let buffer: unknown;
    const reader = new SocketReader(await accepted, shared, (bytes) => {
      ({ buffer } = bytes);
    });
    client.end("hello");
    await once(reader.socket, "end");
    assert.equal(buffer, shared.buffer);
    reader.socket.destroy();
  });

  it("hands over all bytes in order, whatever their sizes, and keeps what it is told to keep", async () => {
    openClient();
    const kept: Uint8Array[] = [];
    const reader: SocketReader = new SocketReader(await accepted, newReadBuffer(), (bytes) => {
      // In two pieces, as a head with the start of a body.
      const at = Math.min(3, bytes.length);
      kept.push(reader.keep(bytes.subarray(0, at)), reader.keep(bytes.subarray(at)));
    });
    const sent = Buffer.alloc(5 * LARGE + 17, "0123456789abcdefg");
    for (const end of [5, 100, LARGE, 3 * LARGE, sent.length]) {
      client.write(sent.subarray(Buffer.concat(kept).length, end));
      while (Buffer.concat(kept).length < end) await new Promise(setImmediate);
    }
    client.end();
    await once(reader.socket, "end");
    assert.deepEqual(Buffer.concat(kept), sent);
    reader.socket.destroy();
  });

  it("stops and goes on reading with pause and resume", async () => {
    openClient();
    let length = 0;
    const reader = new SocketReader(await accepted, newReadBuffer(), (bytes) => {
      length += bytes.length;
    });
    reader.socket.pause();
    client.write("abc");
    // Longer than the bytes need on loopback, and nothing else is awaited.
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(length, 0);
    reader.socket.resume();
    client.end();
    await once(reader.socket, "end");
    assert.equal(length, 3);
    reader.socket.destroy();
  });

  it("reads in the usual way what is no plain socket of Node", async () => {
    class Other extends Socket {}
    const other = new Other({ allowHalfOpen: true });
    const shared = newReadBuffer();
    const received: Uint8Array[] = [];
    const reader = new SocketReader(other, shared, (bytes) => {
      received.push(reader.keep(bytes));
    });
    assert.equal(reader.socket, other);
    server.once("connection", (peer) => {
      peer.end("as usual");
    });
    other.connect(port(), "127.0.0.1");
    await once(other, "end");
    assert.equal(Buffer.concat(received).toString(), "as usual");
    assert.notEqual(received[0]?.buffer, shared.buffer);
    other.destroy();
  });
});
