import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, it } from "node:test";
import { descriptorOf } from "../net/node-handle.ts";
import { directPair, poller, readToEnd, SKIP } from "../../../test/support/direct-pair.ts";
import type { DirectSocket } from "./direct-socket.ts";
import { MSG_DONTWAIT } from "./message-flags.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const MSG_OOB = 1;
/** More than the kernel takes at once. */
const LARGE = Buffer.alloc(16 * 1024 * 1024, "0123456789abcdefg");

/** Reads with a buffer that is smaller than most of what comes. */
function record(socket: DirectSocket): string[] {
  const seen: string[] = [];
  socket.on("end", () => seen.push("end"));
  socket.on("error", (error) => seen.push(`error ${"code" in error ? String(error.code) : ""}`));
  socket.on("close", () => seen.push("close"));
  socket.readInto(Buffer.alloc(4), (bytes) => seen.push(bytes.toString()));
  return seen;
}

/** `once` would reject at an error. */
function whenClosed(socket: DirectSocket): Promise<void> {
  return new Promise((resolve) => {
    socket.on("close", resolve);
  });
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turn();
}

describe("reading of a direct socket", { skip: SKIP }, () => {
  it("gives all bytes in order and the end behind them, in one segment or more", async () => {
    using pair = await directPair();
    const seen = record(pair.socket);
    pair.client.write("12345678");
    await until(() => seen.join("") === "12345678");
    pair.client.end("9abcd");
    await once(pair.socket, "end");
    assert.equal(seen.join(""), "123456789abcdend");
  });

  it("gives what came before anybody read, into buffers that are named anew for each read", async () => {
    using pair = await directPair();
    pair.client.end("abcdef");
    await turn();
    await turn();
    const buffers = [Buffer.alloc(4), Buffer.alloc(1), undefined];
    const seen: string[] = [];
    pair.socket.readInto(
      () => buffers.shift(),
      (bytes) => seen.push(bytes.toString()),
    );
    await once(pair.socket, "end");
    assert.deepEqual(seen, ["abcd", "e", "f"]);
  });

  it("ends when its client resets while nobody reads, though more lies there", async () => {
    using pair = await directPair();
    const { socket } = pair;
    const seen: string[] = [];
    socket.on("close", () => seen.push("close"));
    socket.readInto(Buffer.alloc(4), (bytes) => {
      seen.push(bytes.toString());
      socket.pause();
    });
    pair.client.write("12345678");
    await until(() => seen.length > 0);
    pair.client.resetAndDestroy();
    await until(() => seen.length > 1);
    assert.deepEqual(seen, ["1234", "close"]);
  });

  it("stops with pause, within what lies there too, and goes on with resume to the end", async () => {
    using pair = await directPair();
    const { socket } = pair;
    const seen: string[] = [];
    socket.on("end", () => seen.push("end"));
    socket.readInto(Buffer.alloc(4), (bytes) => {
      seen.push(bytes.toString());
      socket.pause();
    });
    pair.client.end("12345678");
    await until(() => seen.length > 0);
    for (let turns = 0; turns < 5; turns++) await turn();
    assert.deepEqual(seen, ["1234"]);
    socket.resume();
    await until(() => seen.length > 1);
    assert.deepEqual(seen, ["1234", "5678"]);
    const ended = once(socket, "end");
    socket.resume();
    await ended;
  });

  it("does not stop at urgent data, which it leaves out", async () => {
    using pair = await directPair();
    const seen: string[] = [];
    pair.socket.readInto(Buffer.alloc(100), (bytes) => seen.push(bytes.toString()));
    const fd = descriptorOf(pair.client) ?? -1;
    const { libc } = poller();
    // All of it before the next turn.
    libc.send(fd, Buffer.from("before"), 6, 0);
    libc.send(fd, Buffer.from("!"), 1, MSG_OOB);
    libc.send(fd, Buffer.from("behind"), 6, 0);
    await until(() => seen.join("") === "beforebehind");
  });

  it("ends with the socket that is destroyed by who was given bytes", async (test) => {
    using pair = await directPair();
    const { socket } = pair;
    const reads = test.mock.method(poller().libc, "recv");
    socket.readInto(Buffer.alloc(1), () => socket.destroy());
    pair.client.write("abc");
    await once(socket, "close");
    await turn();
    assert.equal(reads.mock.callCount(), 1); // Its number may be another's.
  });

  it("ends with an error when the client resets", async () => {
    using pair = await directPair();
    const seen = record(pair.socket);
    pair.client.resetAndDestroy();
    await whenClosed(pair.socket);
    assert.deepEqual(seen, ["error ECONNRESET", "close"]);
  });
});

describe("writing of a direct socket", { skip: SKIP }, () => {
  it("goes on after the client's end, and closes once both have ended", async () => {
    using pair = await directPair();
    record(pair.socket);
    pair.client.end("request");
    await once(pair.socket, "end");
    assert.equal(pair.socket.writable, true);
    pair.socket.write(Buffer.from("answer"));
    const closed = once(pair.socket, "close");
    pair.socket.end();
    assert.equal((await readToEnd(pair.client)).toString(), "answer");
    await closed;
  });

  it("is not told each time that its peer reads, but while it has more to send", async (test) => {
    using pair = await directPair("unix");
    const { client, socket } = pair;
    record(socket);
    const ready = test.mock.method(socket, "onReady");
    const { libc } = poller();
    const fd = descriptorOf(client) ?? -1;
    client.pause(); // Reading is done here.
    const buffer = Buffer.alloc(1024 * 1024);
    const take = (): number => libc.recv(fd, buffer, buffer.length, MSG_DONTWAIT);
    for (let times = 0; times < 5; times++) {
      socket.write(Buffer.from("answer"));
      assert.equal(take(), 6);
      await turn();
      await turn();
    }
    assert.equal(ready.mock.callCount(), 0);
    for (let times = 0; times < 2; times++) {
      socket.write(LARGE);
      while (socket.writableLength > 0) {
        take();
        await turn();
      }
      while (take() > 0);
      await turn();
      await turn();
      const told = ready.mock.callCount();
      assert.ok(told > 0);
      ready.mock.resetCalls();
      socket.write(Buffer.from("answer"));
      assert.equal(take(), 6);
      await turn();
      await turn();
      assert.equal(ready.mock.callCount(), 0);
    }
  });

  it("keeps what the kernel does not take, and tells when it has gone", async () => {
    using pair = await directPair();
    const { client, socket } = pair;
    const sent: string[] = [];
    socket.on("drain", () => {
      sent.push("drain");
      socket.end();
    });
    assert.equal(
      socket.write(LARGE, () => sent.push("first")),
      false,
    );
    socket.write(Buffer.from("second"), () => sent.push("second"));
    assert.ok(socket.writableLength > 0 && socket.writableLength < LARGE.length + 6);
    assert.equal(socket.writableNeedDrain, true);
    const received = await readToEnd(client);
    assert.ok(received.equals(Buffer.concat([LARGE, Buffer.from("second")])));
    assert.deepEqual(sent, ["first", "second", "drain"]);
    assert.equal(socket.writableLength, 0);
    assert.equal(socket.bytesWritten, received.length);
  });

  it("sends small pieces that wait together, but for those of which somebody is to be told", async (test) => {
    using pair = await directPair();
    const { client, socket } = pair;
    const sends = test.mock.method(poller().libc, "send");
    const sent: number[] = [];
    const lines = Array.from({ length: 20_000 }, (_, index) => `${index}\r\n`);
    socket.write(LARGE);
    for (const [index, line] of lines.entries()) {
      const isTold = index % 5000 === 2500;
      socket.write(Buffer.from(line), isTold ? () => sent.push(index) : undefined);
    }
    const written = Buffer.concat([LARGE, Buffer.from(lines.join(""))]);
    assert.equal(socket.bytesWritten, written.length);
    socket.end();
    assert.ok((await readToEnd(client)).equals(written));
    assert.deepEqual(sent, [2500, 7500, 12_500, 17_500]);
    assert.equal(socket.writableLength, 0);
    const small = sends.mock.calls.filter(({ arguments: [, , length] }) => length <= 16 * 1024);
    assert.ok(small.length < 100, `${small.length} system calls`);
  });

  it("ends behind what waits", async () => {
    using pair = await directPair();
    pair.socket.write(LARGE);
    pair.socket.end();
    assert.equal(pair.socket.writable, false);
    assert.equal((await readToEnd(pair.client)).length, LARGE.length);
  });

  it("lets what waits go before it destroys soon", async () => {
    using pair = await directPair();
    pair.socket.write(LARGE);
    const closed = once(pair.socket, "close");
    pair.socket.destroySoon();
    assert.equal((await readToEnd(pair.client)).length, LARGE.length);
    await closed;
  });

  it("has the kernel send all that was corked at once, and keep nothing back for what might follow", async () => {
    using pair = await directPair();
    const { client, socket } = pair;
    socket.cork();
    socket.write(Buffer.from("head"));
    socket.write(LARGE.subarray(0, 20_000));
    assert.equal(socket.writableLength, 20_004);
    socket.uncork();
    assert.equal(socket.writableLength, 0);
    // What had not left is lost with a reset.
    socket.resetAndDestroy();
    assert.equal((await readToEnd(client)).length, 20_004);
  });

  it("lets go of what waits when the socket is destroyed, and takes nothing any more", async () => {
    using pair = await directPair();
    const sent: string[] = [];
    pair.socket.write(LARGE, () => sent.push("waited"));
    pair.socket.destroy();
    assert.deepEqual(sent, ["waited"]);
    assert.equal(
      pair.socket.write(Buffer.from("more"), () => sent.push("more")),
      false,
    );
    assert.deepEqual(sent, ["waited", "more"]);
    assert.equal(pair.socket.writableLength, 0);
  });

  it("does not end a socket that what was sent has destroyed: its number may be another's", async () => {
    using pair = await directPair();
    const { client, socket } = pair;
    let finishes = 0;
    socket.on("finish", () => finishes++);
    socket.write(LARGE, () => socket.destroy());
    socket.end();
    await readToEnd(client);
    assert.equal(finishes, 0);
  });

  it("shows the client a reset if it is asked for", async () => {
    using pair = await directPair();
    const broken = once(pair.client, "error");
    pair.client.resume();
    pair.socket.resetAndDestroy();
    assert.equal((await broken).at(0)?.code, "ECONNRESET");
  });

  it("destroys the socket when it fails, unless that is to be outlived: then what came before is read", async () => {
    for (const outlives of [false, true]) {
      using pair = await directPair("unix");
      const { client, socket } = pair;
      if (outlives) socket.outliveFailedWrites();
      socket.pause();
      const seen = record(socket);
      client.write("last words");
      client.destroy();
      await once(client, "close");
      const over = outlives ? once(socket, "end") : whenClosed(socket);
      socket.write(Buffer.from("too late"), () => seen.push("dropped"));
      socket.resume();
      await over;
      const behind = outlives ? ["last", " wor", "ds", "end"] : ["error EPIPE", "close"];
      assert.deepEqual(seen, ["dropped", ...behind]);
      assert.equal(socket.writable, outlives);
    }
  });
});

describe("what the kernel keeps of a direct socket", { skip: SKIP }, () => {
  for (const kind of ["unix", "127.0.0.1"]) {
    it(`becomes less when its peer takes something, however little (${kind})`, async () => {
      using pair = await directPair(kind);
      const { client, socket } = pair;
      client.pause(); // Reading is done here.
      socket.write(LARGE);
      const fd = descriptorOf(client) ?? -1;
      const { libc } = poller();
      await until(() => socket.unconfirmed() > 0);
      let last = 0;
      await until(() => last === (last = socket.unconfirmed() + socket.writableLength));
      const buffer = Buffer.alloc(256 * 1024);
      libc.recv(fd, buffer, buffer.length, MSG_DONTWAIT);
      await until(() => socket.unconfirmed() + socket.writableLength < last);
      socket.destroy();
      assert.equal(socket.unconfirmed(), 0);
    });
  }
});
