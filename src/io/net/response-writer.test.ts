import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { describe, it } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { ownFieldsAt } from "../../core/http1/response-head.ts";
import type { ByteSocket } from "../sockets/byte-socket.ts";
import { directPair, readToEnd, SKIP } from "../../../test/support/direct-pair.ts";
import { Budget } from "./budget.ts";
import { OutputBuffer, ResponseWriter } from "./response-writer.ts";
import { SpoolSpace } from "./spool-space.ts";
import { wholeAnswer } from "./whole-answer.ts";

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

/** Of a socket whose client takes nothing, what a writer needs. */
class Full extends EventEmitter {
  readonly written: Uint8Array[] = [];
  readonly bytesWritten = 0;
  writableLength = 0;
  readonly writableHighWaterMark = 64 * 1024;
  readonly writableNeedDrain = false;

  write(bytes: Uint8Array): boolean {
    this.written.push(bytes);
    this.writableLength += bytes.length;
    return false;
  }
}

describe("ResponseWriter, to a client that takes nothing", () => {
  it("keeps little more than what waits", () => {
    const socket = new Full();
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- all that is asked of one
    const writer = writerTo(socket as unknown as ByteSocket, new Budget(64 * MIB));
    for (let answers = 0; answers < 100; answers++) {
      writer.begin(wholeAnswer(9 * 1024), REQUEST, true);
      writer.end();
    }
    const kept = new Set(socket.written.map(({ buffer }) => buffer));
    const keptBytes = [...kept].reduce((sum, { byteLength }) => sum + byteLength, 0);
    assert.ok(keptBytes < 2 * socket.writableLength, `${keptBytes} for ${socket.writableLength}`);
    // Each is what was written, whatever came behind it.
    const bodies = Buffer.concat(socket.written).toString("latin1").split("\r\n\r\n").slice(1);
    assert.equal(bodies.length, 100);
    assert.ok(bodies.every((body) => body.startsWith("x".repeat(9 * 1024))));
    writer.dispose();
  });
});

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
      writer.begin(wholeAnswer(20_000, keep), REQUEST, true);
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
    writer.begin(wholeAnswer(0), REQUEST, true);
    assert.equal(memory.isExhausted, false);
    writer.dispose();
  });
});
