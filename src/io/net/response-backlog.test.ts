import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { describe, it, type TestContext } from "node:test";
import { directPair, readToEnd, SKIP } from "../../../test/support/direct-pair.ts";
import type { ByteSocket } from "../sockets/byte-socket.ts";
import { Budget } from "./budget.ts";
import { ResponseBacklog } from "./response-backlog.ts";
import { SpoolSpace } from "./spool-space.ts";

const KIB = 2 ** 10;
const MIB = 2 ** 20;

const OPTIONS = {
  responseMemoryBytes: MIB,
  responseFileBytes: 0,
  sendTimeoutMs: 1000,
  memory: new Budget(64 * MIB),
  disk: new SpoolSpace(MIB, 1),
  newPath: () => "/no/such/directory",
};

/** Of a socket, what a backlog looks at. */
class Waiting extends EventEmitter {
  writableLength = 0;
  writableNeedDrain = false;
  readonly writableHighWaterMark = 16 * KIB;
  bytesWritten = 0;
  /** In the kernel. */
  left = 0;

  unconfirmed(): number {
    return this.left;
  }

  /** All that it still had. */
  drain(): void {
    this.writableLength = this.left = 0;
    this.writableNeedDrain = false;
    this.emit("drain");
  }
}

interface Watched {
  readonly socket: Waiting;
  /** An answer of which the kernel has taken a part. */
  readonly wait: () => void;
  /** Returns whether its client passes for gone by now. */
  readonly after: (ms: number) => boolean;
}

function watched({ mock }: TestContext): Watched {
  let now = 0;
  let isStalled = false;
  mock.timers.enable({ apis: ["setInterval"] });
  mock.method(performance, "now", () => now);
  const socket = new Waiting();
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- all that is asked of one
  const backlog = new ResponseBacklog(socket as unknown as ByteSocket, OPTIONS, {
    onHold: () => assert.fail(),
    onCaughtUp: () => {},
    onStalled: () => {
      isStalled = true;
    },
    onError: assert.fail,
  });
  return {
    socket,
    wait: () => {
      socket.bytesWritten += 300 * KIB;
      socket.left = 200 * KIB;
      socket.writableLength = 100 * KIB;
      socket.writableNeedDrain = true;
      backlog.watch();
    },
    after: (ms) => {
      for (const end = now + ms; now < end; mock.timers.tick(10)) now += 10;
      return isStalled;
    },
  };
}

describe("ResponseBacklog, of a client that takes something now and then", () => {
  it("counts its silence from the last that it took", (test) => {
    const { socket, wait, after } = watched(test);
    wait();
    assert.equal(after(900), false);
    socket.drain();
    wait();
    assert.equal(after(1000), false);
    assert.equal(after(500), true);
  });

  it("hears of what it took of the kernel's, though that wants no more yet", (test) => {
    const { socket, wait, after } = watched(test);
    wait();
    for (let times = 0; times < 10; times++) {
      assert.equal(after(900), false);
      socket.left -= 100;
    }
    assert.equal(after(900), false);
    assert.equal(after(600), true);
  });

  it("watches nobody who has taken all", (test) => {
    const { socket, wait, after } = watched(test);
    wait();
    socket.drain();
    assert.equal(after(5000), false);
    wait();
    socket.writableLength = 0; // Too little for a drain.
    assert.equal(after(5000), false);
    assert.equal(socket.listenerCount("drain"), 0);
  });
});

describe("ResponseBacklog", { skip: SKIP }, () => {
  it("makes no file where an answer may have none, and holds its worker back", async () => {
    using pair = await directPair();
    const { client, socket } = pair;
    const options = { ...OPTIONS, responseMemoryBytes: 64 * KIB, sendTimeoutMs: 60_000 };
    const holds: boolean[] = [];
    const over = Promise.withResolvers<void>();
    const backlog = new ResponseBacklog(socket, options, {
      onHold: (isHeld) => holds.push(isHeld),
      onCaughtUp: over.resolve,
      onStalled: assert.fail,
      onError: over.reject,
    });
    client.pause();
    while (!backlog.isActive) {
      socket.write(Buffer.alloc(64 * KIB));
      if (socket.writableLength > 0) backlog.watch();
    }
    backlog.append(Buffer.from("and the rest"));
    assert.deepEqual(holds, [true]);
    const all = readToEnd(client);
    client.resume();
    await over.promise;
    assert.deepEqual(holds, [true, false]);
    socket.end();
    assert.ok((await all).toString("latin1").endsWith("\0and the rest"));
    backlog.dispose();
  });
});
