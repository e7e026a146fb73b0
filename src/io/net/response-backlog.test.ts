import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { directPair, readToEnd, SKIP } from "../sockets/direct-pair.ts";
import { Budget } from "./budget.ts";
import { ResponseBacklog } from "./response-backlog.ts";
import { SpoolSpace } from "./spool-space.ts";

const KIB = 2 ** 10;
const MIB = 2 ** 20;

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
