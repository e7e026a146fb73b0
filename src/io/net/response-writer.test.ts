import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { ownFieldsAt } from "../../core/http1/response-head.ts";
import { ANSWER_FLAG } from "../../core/wire/frame.ts";
import type { AnswerHead } from "../../core/http/exchange.ts";
import type { ByteSocket } from "../sockets/byte-socket.ts";
import { directPair, readToEnd, SKIP } from "../../../test/support/direct-pair.ts";
import { Budget } from "./budget.ts";
import { OutputBuffer, ResponseWriter } from "./response-writer.ts";
import { SpoolSpace } from "./spool-space.ts";

const MIB = 2 ** 20;
const REQUEST = { isHead: false, minorVersion: 1, environ: Buffer.alloc(0), idStart: 0, idEnd: 0 };

function unexpected(): never {
  throw new Error("should not happen");
}

function writerTo(socket: ByteSocket, memory: Budget): ResponseWriter {
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
  return new ResponseWriter(socket, options, {
    onHold: unexpected,
    onCaughtUp: unexpected,
    onStalled: unexpected,
    onError: unexpected,
  });
}

/** A whole answer with so much body. */
function answer(bodyBytes: number, keep: () => () => void = unexpected): AnswerHead {
  const head = Buffer.from("200 OK\r\nA: b\r\n");
  const bytes = Buffer.concat([head, Buffer.alloc(bodyBytes, "x")]);
  return {
    bytes,
    pieceStart: head.length,
    pieceEnd: bytes.length,
    keep,
    status: 200,
    headStart: 0,
    headEnd: head.length,
    flags: ANSWER_FLAG.complete,
    contentLength: -1,
    frameBodyBytes: bodyBytes,
  };
}

describe("ResponseWriter", { skip: SKIP }, () => {
  it("keeps no block of a worker's for little that waits for a slow client", async () => {
    using pair = await directPair();
    const { client, socket } = pair;
    const writer = writerTo(socket, new Budget(64 * MIB));
    let kept = 0;
    const keep = (): (() => void) => {
      kept++;
      return () => kept--;
    };
    client.pause();
    let answers = 0;
    const send = (): void => {
      answers++;
      writer.begin(answer(20_000, keep), REQUEST, true);
      writer.end();
    };
    while (socket.writableLength === 0) send();
    for (let more = 0; more < 10; more++) send();
    assert.ok(kept <= 1, `${kept}`);
    const all = readToEnd(client);
    client.resume();
    socket.end();
    const text = (await all).toString("latin1");
    assert.equal(kept, 0);
    assert.equal(text.split("\r\n\r\n" + "x".repeat(20_000)).length - 1, answers);
    writer.dispose();
  });

  it("counts nothing any more of what its client has taken when it is answered again", async () => {
    using pair = await directPair();
    const { client, socket } = pair;
    const memory = new Budget(1);
    const writer = writerTo(socket, memory);
    // The last of these waits, and is too little for a drain.
    client.pause();
    while (socket.writableLength === 0) writer.writeRaw(Buffer.alloc(10_000));
    assert.ok(memory.isExhausted);
    client.resume();
    while (socket.writableLength > 0) await turn();
    writer.begin(answer(0), REQUEST, true);
    assert.equal(memory.isExhausted, false);
    writer.dispose();
  });
});
