import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { ownFieldsAt } from "../../core/http1/response-head.ts";
import { ANSWER_FLAG } from "../../core/wire/frame.ts";
import { directPair, SKIP } from "../sockets/direct-pair.ts";
import { Budget } from "./budget.ts";
import { OutputBuffer, ResponseWriter } from "./response-writer.ts";
import { SpoolSpace } from "./spool-space.ts";

const MIB = 2 ** 20;
const REQUEST = { isHead: false, minorVersion: 1, environ: Buffer.alloc(0), idStart: 0, idEnd: 0 };

function unexpected(): never {
  throw new Error("should not happen");
}

describe("ResponseWriter", { skip: SKIP }, () => {
  it("counts nothing any more of what its client has taken when it is answered again", async () => {
    using pair = await directPair();
    const { client, socket } = pair;
    const memory = new Budget(1);
    const options = {
      output: new OutputBuffer(),
      clock: { own: ownFieldsAt(0) },
      responseMemoryBytes: MIB,
      responseFileBytes: MIB,
      sendTimeoutMs: 60_000,
      memory,
      disk: new SpoolSpace(MIB, 1),
      newPath: unexpected,
    };
    const events = { onHold: unexpected, onCaughtUp: unexpected, onError: unexpected };
    const writer = new ResponseWriter(socket, options, events);
    // The last of these waits, and is too little for a drain.
    client.pause();
    while (socket.writableLength === 0) writer.writeRaw(Buffer.alloc(10_000));
    assert.ok(memory.isExhausted);
    client.resume();
    while (socket.writableLength > 0) await turn();
    const bytes = Buffer.from("200 OK\r\nA: b\r\n");
    writer.begin(
      {
        bytes,
        pieceStart: bytes.length,
        pieceEnd: bytes.length,
        keep: unexpected,
        status: 200,
        headStart: 0,
        headEnd: bytes.length,
        flags: ANSWER_FLAG.complete,
        contentLength: -1,
        frameBodyBytes: 0,
      },
      REQUEST,
      true,
    );
    assert.equal(memory.isExhausted, false);
    writer.dispose();
  });
});
