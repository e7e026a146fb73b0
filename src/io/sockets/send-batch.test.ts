import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { describe, it } from "node:test";
import { descriptorOf } from "../net/node-handle.ts";
import { DirectListener } from "./direct-listener.ts";
import {
  directPair,
  firstBytes,
  listeningDescriptor,
  poller,
  readToEnd,
  SKIP,
} from "../../../test/support/direct-pair.ts";
import type { DirectSocket } from "./direct-socket.ts";
import { SendBatch, type Sender } from "./send-batch.ts";

const EAGAIN = 11;
const EBADF = 9;
const ECONNABORTED = 103;
const DONT_WAIT = 0x40;

/** Within a turn, as an answer is. Resolves when what was posted in it has left. */
async function inTurn<T>(run: () => T): Promise<T> {
  return new Promise((resolve) => {
    poller().atEndOfTurn(() => {
      const value = run();
      setImmediate(resolve, value);
    });
  });
}

function refuse(): void {
  assert.fail("the kernel has not taken all of it");
}

/** Whether this machine's kernel has it; else nothing is posted, which is tested elsewhere. */
const hasBatch = SKIP === false && SendBatch.open(poller().libc) !== undefined;
const WITHOUT = SKIP || (!hasBatch && "this kernel sends one by one");

describe("what is posted", { skip: WITHOUT }, () => {
  it("leaves at the end of the turn, for many sockets", async () => {
    const pairs = await Promise.all(Array.from({ length: 100 }, () => directPair()));
    const texts = pairs.map(({ client }) => firstBytes(client));
    const posted = await inTurn(() =>
      pairs.map(({ socket }, index) => socket.post(Buffer.from(`answer ${index}`), refuse)),
    );
    assert.deepEqual(new Set(posted), new Set([true]));
    assert.deepEqual(
      await Promise.all(texts),
      pairs.map((_, index) => `answer ${index}`),
    );
    for (const pair of pairs) pair[Symbol.dispose]();
  });

  it("is not taken outside of a turn, nor if it is large: that has to be written", async () => {
    using pair = await directPair();
    assert.equal(pair.socket.post(Buffer.from("a"), refuse), false);
    const posted = await inTurn(() => pair.socket.post(Buffer.alloc(8 * 1024 + 1), refuse));
    assert.equal(posted, false);
    assert.equal(pair.socket.bytesWritten, 0);
  });

  it("may be overwritten at once, and stands before what is posted, written and ended behind it", async () => {
    using pair = await directPair();
    const { socket } = pair;
    const all = readToEnd(pair.client);
    await inTurn(() => {
      const bytes = Buffer.from("1");
      socket.post(bytes, refuse);
      bytes.write("x");
      socket.post(Buffer.from("2"), refuse);
      socket.cork();
      socket.write(Buffer.from("3"));
      socket.write(Buffer.from("4"));
      socket.uncork();
      socket.post(Buffer.from("5"), refuse);
      socket.end();
    });
    assert.equal((await all).toString(), "12345");
    assert.equal(socket.bytesWritten, 5);
  });

  it("arrives also if the socket is destroyed in the same turn", async () => {
    using pair = await directPair();
    const all = readToEnd(pair.client);
    await inTurn(() => {
      pair.socket.post(Buffer.from("whole"), refuse);
      pair.socket.destroy();
    });
    assert.equal((await all).toString(), "whole");
  });

  it("waits like what is written where the kernel does not take it, and says so once", async () => {
    using pair = await directPair();
    const { socket } = pair;
    const shorts: number[] = [];
    let blocks = 0;
    while (shorts.length === 0) {
      const block = Buffer.alloc(8 * 1024, String(blocks++ % 10));
      const onShort = (): void => {
        shorts.push(socket.writableLength);
      };
      assert.equal(await inTurn(() => socket.post(block, onShort)), true);
    }
    assert.deepEqual(shorts, [socket.writableLength]);
    assert.ok(socket.writableLength > 0 && socket.writableLength <= 8 * 1024);
    // Behind what waits nothing is posted: it would overtake it.
    assert.equal(await inTurn(() => socket.post(Buffer.from("late"), refuse)), false);
    // What others post meanwhile leaves what waits as it is.
    using other = await directPair();
    await inTurn(() => other.socket.post(Buffer.alloc(8 * 1024, "x"), refuse));
    const all = readToEnd(pair.client);
    socket.end();
    const expected = Array.from({ length: blocks }, (_, at) => String(at % 10).repeat(8 * 1024));
    assert.equal((await all).toString(), expected.join(""));
  });

  it("reaches no other connection that has the descriptor of one whose client turned out to be gone", async () => {
    using pair = await directPair();
    const { socket } = pair;
    const closed = new Promise<void>((resolve) => {
      socket.on("close", resolve);
    });
    socket.on("error", () => {});
    pair.client.resetAndDestroy();
    await once(pair.client, "close");
    using listening = await listeningDescriptor();
    const other = connect(listening.at);
    await once(other, "connect");
    const got: string[] = [];
    other.on("data", (bytes: Buffer) => got.push(bytes.toString()));
    let second: boolean | undefined;
    const accepted = await new Promise<DirectSocket>((resolve, reject) => {
      poller().atEndOfTurn(() => {
        // In the turn in which nobody has read of the reset yet.
        socket.post(Buffer.from("first"), () => {});
        second = socket.post(Buffer.from("second"), () => {});
        const listener = new DirectListener(listening.fd, poller(), {
          onConnection: resolve,
          onError: reject,
        });
        listener.onReady();
        listener.close();
      });
    });
    await closed;
    accepted.write(Buffer.from("its own"));
    accepted.end();
    await once(other, "end");
    assert.equal(got.join(""), "its own");
    assert.equal(second, false);
    accepted.destroy();
    other.destroy();
  });

  it("ends the connection of a client that is gone, and no other", async () => {
    using gone = await directPair();
    using here = await directPair();
    const errors: string[] = [];
    gone.socket.on("error", (error) => errors.push("code" in error ? String(error.code) : ""));
    // Not read: only sending finds out.
    gone.client.resetAndDestroy();
    await once(gone.client, "close");
    const closed = new Promise<void>((resolve) => gone.socket.on("close", resolve));
    const text = firstBytes(here.client);
    await inTurn(() => {
      gone.socket.post(Buffer.from("to nobody"), refuse);
      here.socket.post(Buffer.from("to somebody"), refuse);
    });
    await closed;
    assert.match(errors.join(), /^(?:ECONNRESET|EPIPE)$/);
    assert.equal(await text, "to somebody");
    assert.equal(here.socket.writable, true);
  });

  it("leaves in the same turn also if it is posted when a client turns out to be gone", async () => {
    using gone = await directPair();
    using here = await directPair();
    gone.socket.on("error", () => {});
    gone.client.resetAndDestroy();
    await once(gone.client, "close");
    const text = firstBytes(here.client);
    gone.socket.on("close", () => here.socket.post(Buffer.from("your turn"), refuse));
    await inTurn(() => gone.socket.post(Buffer.from("to nobody"), refuse));
    assert.equal(await text, "your turn");
  });
});

/** The socket that Node has at the client's end serves as one to send through. */
async function sendingPair(): Promise<{ fd: number; socket: DirectSocket } & Disposable> {
  const pair = await directPair();
  const fd = descriptorOf(pair.client) ?? -1;
  return { fd, socket: pair.socket, [Symbol.dispose]: () => pair[Symbol.dispose]() };
}

/** Of what was taken whole "all" is noted, of the rest the result and its bytes. */
function recordTo(results: unknown[]): Sender {
  return {
    onPosted: () => results.push("all"),
    onShort: (result, bytes) => results.push([result, String(bytes)]),
    afterShort: () => {},
  };
}

describe("a batch", { skip: WITHOUT }, () => {
  it("tells of each what became of it", async () => {
    using open = await sendingPair();
    using full = await sendingPair();
    const { libc } = poller();
    const block = Buffer.alloc(64 * 1024);
    while (libc.send(full.fd, block, block.length, DONT_WAIT) > 0);
    const batch = SendBatch.open(libc);
    assert.ok(batch !== undefined);
    const results: unknown[] = [];
    const sender = recordTo(results);
    const texts = ["one", "second", "third", "4"];
    for (const [index, fd] of [open.fd, full.fd, 999_999, open.fd].entries())
      assert.equal(batch.add(fd, Buffer.from(texts[index] ?? ""), sender), true);
    batch.run();
    assert.deepEqual(results, ["all", [-EAGAIN, "second"], [-EBADF, "third"], "all"]);
  });

  it("tells those of which not all was taken once more when all have been told", async () => {
    using pair = await sendingPair();
    const batch = SendBatch.open(poller().libc);
    assert.ok(batch !== undefined);
    const told: string[] = [];
    for (const [name, fd] of [
      ["a", 999_999],
      ["b", pair.fd],
      ["c", 999_999],
    ] as const) {
      batch.add(fd, Buffer.from(name), {
        onPosted: () => told.push(`${name} whole`),
        onShort: () => told.push(name),
        afterShort: () => told.push(`${name} again`),
      });
    }
    batch.run();
    assert.deepEqual(told, ["a", "b whole", "c", "a again", "c again"]);
  });

  it("breaks a connection of which the kernel says nothing", async () => {
    using pair = await sendingPair();
    const batch = SendBatch.open({
      ...poller().libc,
      ioUringEnter: (_, submit) => submit,
    });
    const results: unknown[] = [];
    batch?.add(pair.fd, Buffer.from("lost"), recordTo(results));
    batch?.run();
    assert.deepEqual(results, [[-ECONNABORTED, "lost"]]);
  });

  it("sends one by one what the kernel does not take, and nothing more after that", async () => {
    using pair = await sendingPair();
    const { libc } = poller();
    const batch = SendBatch.open({ ...libc, ioUringEnter: () => -1 });
    assert.ok(batch !== undefined);
    const results: unknown[] = [];
    const sender = recordTo(results);
    let read = "";
    pair.socket.readInto(Buffer.alloc(100), (bytes) => {
      read += bytes.toString();
    });
    batch.add(pair.fd, Buffer.from("one"), sender);
    batch.add(999_999, Buffer.from("two"), sender);
    batch.add(pair.fd, Buffer.from("three"), sender);
    batch.run();
    assert.deepEqual(results, ["all", [-EBADF, "two"], "all"]);
    assert.equal(batch.add(pair.fd, Buffer.from("four"), sender), false);
    while (read.length < 8) await inTurn(() => {});
    assert.equal(read, "onethree");
  });

  it("is not to be had where the kernel forbids it", () => {
    assert.equal(SendBatch.open({ ...poller().libc, ioUringSetup: () => -1 }), undefined);
  });
});
