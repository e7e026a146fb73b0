import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { describe, it } from "node:test";
import { directPair, readToEnd, SKIP } from "../../../test/support/direct-pair.ts";
import type { ByteSocket } from "../sockets/byte-socket.ts";
import { Budget } from "./budget.ts";
import { ResponseBacklog } from "./response-backlog.ts";
import { SpoolSpace } from "./spool-space.ts";

const KIB = 2 ** 10;
const MIB = 2 ** 20;

/** Of a socket, what a backlog looks at. */
class Waiting extends EventEmitter {
  writableLength = 0;
  writableNeedDrain = false;
  readonly writableHighWaterMark = 16 * KIB;
  setTimeout(): this {
    return this;
  }
}

describe("ResponseBacklog, of a client that takes something now and then", () => {
  it("counts its silence from the last that it took", (test) => {
    let now = 0;
    test.mock.method(performance, "now", () => now);
    const socket = new Waiting();
    const options = {
      responseMemoryBytes: MIB,
      responseFileBytes: 0,
      sendTimeoutMs: 1000,
      memory: new Budget(64 * MIB),
      disk: new SpoolSpace(MIB, 1),
      newPath: () => "/no/such/directory",
    };
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- all that is asked of one
    const backlog = new ResponseBacklog(socket as unknown as ByteSocket, options, {
      onHold: () => assert.fail(),
      onCaughtUp: () => {},
      onError: assert.fail,
    });
    const wait = (): void => {
      socket.writableLength = 100 * KIB;
      socket.writableNeedDrain = true;
      backlog.watch();
    };
    wait();
    for (now of [250, 500, 750]) assert.equal(backlog.isStalled(), false);
    socket.writableLength = 0;
    socket.writableNeedDrain = false;
    socket.emit("drain");
    now = 800;
    wait();
    for (now of [1050, 1300, 1550]) assert.equal(backlog.isStalled(), false);
    now = 1800;
    assert.equal(backlog.isStalled(), true);
    backlog.dispose();
  });
});

describe("ResponseBacklog", { skip: SKIP }, () => {
  it("makes no file where an answer may have none, and holds its worker back", async () => {
    using pair = await directPair();
    const { client, socket } = pair;
    const options = {
      responseMemoryBytes: 64 * KIB,
      responseFileBytes: 0,
      sendTimeoutMs: 60_000,
      memory: new Budget(64 * MIB),
      disk: new SpoolSpace(MIB, 1),
      newPath: () => "/no/such/directory",
    };
    const holds: boolean[] = [];
    const over = Promise.withResolvers<void>();
    const backlog = new ResponseBacklog(socket, options, {
      onHold: (isHeld) => holds.push(isHeld),
      onCaughtUp: over.resolve,
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
