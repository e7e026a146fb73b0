import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { describe, it } from "node:test";
import { FieldNameTable } from "../../core/http/field-names.ts";
import type { Exchange } from "../../core/http/exchange.ts";
import { ownFieldsAt } from "../../core/http1/response-head.ts";
import { EnvironEncoder } from "../../core/wire/environ.ts";
import type { ByteSocket } from "../sockets/byte-socket.ts";
import { Budget } from "./budget.ts";
import { connectionFacts, ConnectionOrigin } from "./connection-origin.ts";
import { DeadlineList } from "./deadlines.ts";
import { Http1Connection } from "./http1-connection.ts";
import { ReadBuffer } from "./read-buffer.ts";
import { OutputBuffer } from "./response-writer.ts";
import { SpoolSpace } from "./spool-space.ts";
import { wholeAnswer } from "./whole-answer.ts";

const MIB = 2 ** 20;
const TIMEOUT_MS = 1000;
const HIGH_WATER_BYTES = 16 * 1024;

function unexpected(): never {
  throw new Error("should not happen");
}

/** The socket of a client that takes nothing until it is told to. */
class ClientSocket extends EventEmitter implements ByteSocket {
  readonly remoteFamily = "IPv4";
  readonly bytesRead = 0;
  bytesWritten = 0;
  writableEnded = false;
  writableLength = 0;
  readonly writableHighWaterMark = HIGH_WATER_BYTES;
  writableNeedDrain = false;
  isPaused = false;
  /** All that was written. */
  text = "";

  get writable(): boolean {
    return !this.writableEnded;
  }

  write(bytes: Uint8Array, onSent?: () => void): boolean {
    this.text += Buffer.from(bytes).toString("latin1");
    this.bytesWritten += bytes.length;
    this.writableLength += bytes.length;
    this.writableNeedDrain ||= this.writableLength >= HIGH_WATER_BYTES;
    onSent?.();
    return !this.writableNeedDrain;
  }

  takeAll(): void {
    this.writableLength = 0;
    this.writableNeedDrain = false;
    this.emit("drain");
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  end(): void {
    this.writableEnded = true;
  }

  cork(): void {}
  uncork(): void {}
  destroy(): void {}
  destroySoon(): void {}
  resetAndDestroy(): void {}
}

/** Gives the connection what a test says. */
class Given extends ReadBuffer {
  give: (bytes: Buffer) => void = unexpected;

  override read(_socket: ByteSocket, onBytes: (bytes: Buffer) => void): void {
    this.give = onBytes;
  }
}

/** A connection, and what is around it. */
class Connected {
  readonly socket = new ClientSocket();
  readonly exchanges: Exchange[] = [];
  readonly memory = new Budget(64 * MIB);
  readonly deadlines = {
    head: new DeadlineList(TIMEOUT_MS),
    body: new DeadlineList(TIMEOUT_MS),
    keepAlive: new DeadlineList(TIMEOUT_MS),
    drainIdle: new DeadlineList(TIMEOUT_MS),
    linger: new DeadlineList(TIMEOUT_MS),
  };
  readonly #files = {
    memory: this.memory,
    disk: new SpoolSpace(MIB, 1),
    newPath: () => "/no/such/directory",
  };
  readonly #writer = {
    ...this.#files,
    output: new OutputBuffer(),
    clock: { own: ownFieldsAt(0) },
    responseMemoryBytes: MIB,
    responseFileBytes: 0,
    sendTimeoutMs: 60_000,
  };
  readonly #given = new Given();
  readonly #connection: Http1Connection;
  #now = 0;

  constructor() {
    const { deadlines } = this;
    const context = {
      requests: {
        submit: (exchange: Exchange) => {
          this.exchanges.push(exchange);
        },
        clientLeft: unexpected,
        hold: () => {},
      },
      limits: {
        requestLineBytes: 1000,
        fieldBytes: 1000,
        headBytes: 1000,
        fieldCount: 10,
        bodyBytes: MIB,
      },
      names: new FieldNameTable(),
      readBuffer: this.#given,
      encoder: new EnvironEncoder(),
      body: { ...this.#files, memoryBytes: MIB, takeSlot: () => undefined },
      writer: this.#writer,
      deadlines,
      bodyMinRate: 500,
      observer: { exchangeOver: () => {}, refused: () => {}, failed: unexpected },
      isDraining: false,
      idle: deadlines.keepAlive,
      now: () => this.#now,
      newRequestId: () => "",
      onClosed: () => {},
    };
    const remote = { remoteAddress: "127.0.0.1", remotePort: "1" };
    const server = { serverName: "127.0.0.1", serverPort: "80" };
    const origin = new ConnectionOrigin(connectionFacts(remote, server), undefined);
    this.#connection = new Http1Connection(this.socket, context, origin);
  }

  send(text: string): void {
    this.#given.give(Buffer.from(text));
  }

  answer(bodyBytes: number): void {
    const exchange = this.exchanges.at(-1) ?? assert.fail("no request");
    this.#connection.answerBegan(
      exchange,
      wholeAnswer(bodyBytes, () => () => {}),
      true,
    );
  }

  /** More than what waits for the client now is too much for another answer. */
  allowNoMore(): void {
    this.#writer.responseMemoryBytes = this.socket.writableLength;
  }

  pass(ms: number): void {
    this.#now += ms;
    const { head, body } = this.deadlines;
    head.sweep(this.#now);
    body.sweep(this.#now);
    body.forEach(() => {
      this.#connection.checkBodyRate(this.#now);
    });
  }
}

const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/** As much waits for its client as may wait. */
function answered(): Connected {
  const connected = new Connected();
  connected.send(GET);
  connected.answer(20_000);
  connected.allowNoMore();
  return connected;
}

describe("Http1Connection, to a client that has yet to take what it was answered", () => {
  it("refuses what came behind once, and ends when that has gone", () => {
    const connected = answered();
    const { socket, deadlines } = connected;
    connected.send("GET / HTTP/1.1\r\nHost: a\r\n");
    assert.equal(deadlines.head.size, 1);
    connected.send("no field\r\n\r\n");
    connected.pass(2 * TIMEOUT_MS);
    assert.equal(socket.writableEnded, false);
    socket.takeAll();
    assert.equal(socket.writableEnded, true);
    const statuses = [...socket.text.matchAll(/HTTP\/1.1 (\d+)/g)].map(([, status]) => status);
    assert.deepEqual(statuses, ["200", "400"]);
  });

  it("counts no time against a body that it has asked for, until it has heard so", () => {
    const connected = answered();
    const { socket, deadlines } = connected;
    connected.send(
      "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n",
    );
    assert.ok(socket.text.endsWith("HTTP/1.1 100 Continue\r\n\r\n"));
    assert.equal(socket.isPaused, true);
    connected.pass(60_000);
    socket.takeAll();
    assert.equal(socket.isPaused, false);
    assert.equal(deadlines.body.size, 1);
    connected.pass(TIMEOUT_MS - 1);
    connected.send("abc");
    assert.equal(connected.exchanges.length, 2);
    connected.answer(0);
    assert.ok(!socket.text.includes("408"));
  });
});

describe("Http1Connection, while a request is answered", () => {
  for (const isExhausted of [false, true]) {
    it(`reads ${isExhausted ? "nothing" : "on"} when the memory is ${isExhausted ? "used up" : "there"}`, () => {
      const connected = new Connected();
      const { socket, memory } = connected;
      if (isExhausted) memory.takeAnyway(64 * MIB);
      connected.send(`${GET}GET`);
      assert.equal(socket.isPaused, isExhausted);
      connected.answer(0);
      assert.equal(socket.isPaused, false);
      connected.send(" / HTTP/1.1\r\nHost: a\r\n\r\n");
      assert.equal(connected.exchanges.length, 2);
      assert.equal(socket.isPaused, false);
    });
  }
});
