// What the front's own code costs for a request: read, parsed, encoded, handed over, answered, written; all in a tight loop, with sockets that do
// nothing. What a real server spends beyond it goes to system calls, to Node around them, and to cold caches. The least of many short slices
// counts: whatever else the machine does makes a slice dearer, never cheaper. Usage: node --max-semi-space-size=4 bench/front.ts [SLICES [WARM_UP_MS]]

import { Socket } from "node:net";
import { performance } from "node:perf_hooks";
import { Dispatcher } from "../src/core/dispatch/dispatcher.ts";
import type { Exchange } from "../src/core/http/exchange.ts";
import { FieldNameTable } from "../src/core/http/field-names.ts";
import { learnCommonNames } from "../src/core/http1/common-names.ts";
import { ownFieldsAt } from "../src/core/http1/response-head.ts";
import { EnvironEncoder } from "../src/core/wire/environ.ts";
import { ANSWER_FLAG, FRAME } from "../src/core/wire/frame.ts";
import { RequestTrace } from "../src/core/wire/request-trace.ts";
import { BlockPool } from "../src/io/net/block-pool.ts";
import { Budget } from "../src/io/net/budget.ts";
import type { ConnectionContext } from "../src/io/net/connection-context.ts";
import { connectionFacts, ConnectionOrigin } from "../src/io/net/connection-origin.ts";
import { DeadlineList } from "../src/io/net/deadlines.ts";
import { Http1Connection } from "../src/io/net/http1-connection.ts";
import { ReadBuffer } from "../src/io/net/read-buffer.ts";
import { OutputBuffer } from "../src/io/net/response-writer.ts";
import { SpoolSpace } from "../src/io/net/spool-space.ts";
import { ChannelFlusher } from "../src/io/workers/channel-flusher.ts";
import { WorkerChannel } from "../src/io/workers/worker-channel.ts";

const CLIENTS = 64;
const WORKERS = 2;
const [SLICES = 400, WARM_UP_MS = 3000] = process.argv.slice(2).map(Number);
const TURNS_A_SLICE = 20;
const MIB = 2 ** 20;

const REQUESTS = {
  "wrk's": ["Host: 127.0.0.1:8888"],
  "a browser's": [
    "Host: www.example.com",
    "Connection: keep-alive",
    'sec-ch-ua: "Chromium";v="142", "Not?A_Brand";v="99"',
    "sec-ch-ua-mobile: ?0",
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Sec-Fetch-Site: none",
    "Sec-Fetch-Mode: navigate",
    "Accept-Encoding: gzip, deflate, br, zstd",
    "Accept-Language: en-US,en;q=0.9",
    "Cookie: session=0123456789abcdef0123456789abcdef; csrftoken=abcdefghijklmnop",
  ],
};

/** Takes everything that is written at once. */
class IdleSocket extends Socket {
  override _write(): void {}

  override write(): boolean {
    return true;
  }

  override pause(): this {
    return this;
  }

  override resume(): this {
    return this;
  }

  override setTimeout(): this {
    return this;
  }
}

interface Worker {
  readonly channel: WorkerChannel;
  readonly socket: IdleSocket;
  /** Numbers of the requests that it was sent and has not answered. */
  readonly inHand: number[];
}

function failed(what: string): never {
  throw new Error(what);
}

function makeDispatcher(workers: Map<number, Worker>): Dispatcher<Exchange> {
  const options = {
    maxWaiting: 2 * CLIENTS,
    queueTimeoutMs: 10_000,
    requestTimeoutMs: 30_000,
    requestTotalTimeoutMs: 0,
    processors: WORKERS,
  };
  return new Dispatcher<Exchange>(options, {
    send: (channel, number, exchange) => {
      const worker = workers.get(channel.id);
      worker?.channel.send(number, exchange);
      worker?.inHand.push(number);
    },
    withdraw: () => {},
    giveUp: () => failed("a request was given up"),
    stuck: () => failed("a request is stuck"),
  });
}

function addWorkers(workers: Map<number, Worker>, dispatcher: Dispatcher<Exchange>): void {
  const shared = { flusher: new ChannelFlusher(() => 0), blocks: new BlockPool() };
  for (let id = 1; id <= WORKERS; id++) {
    const socket = new IdleSocket();
    const worker = new WorkerChannel(socket, shared, dispatcher, {
      onHello: () => "welcome",
      onViolation: failed,
      onClosed: () => {},
      onOver: () => {},
      onActivity: () => {},
      now: () => performance.now(),
    });
    worker.channel = dispatcher.addChannel(id, 0, 1, performance.now());
    worker.pid = id;
    workers.set(worker.channel.id, { channel: worker, socket, inHand: [] });
  }
}

function makeContext(dispatcher: Dispatcher<Exchange>): ConnectionContext {
  const trace = new RequestTrace({ random: new Uint8Array(16), hasIds: true, now: Date.now });
  const names = new FieldNameTable(trace.ownNames);
  learnCommonNames(names);
  const stores = {
    memory: new Budget(256 * MIB),
    disk: new SpoolSpace(1024 * MIB, 100),
    newPath: () => failed("nothing goes to a file"),
  };
  const clock = { own: ownFieldsAt(Date.now()) };
  const answers = {
    responseMemoryBytes: MIB,
    responseFileBytes: 256 * MIB,
    sendTimeoutMs: 60_000,
  };
  const deadlines = {
    head: new DeadlineList(15_000),
    body: new DeadlineList(30_000),
    keepAlive: new DeadlineList(75_000),
    drainIdle: new DeadlineList(1000),
    linger: new DeadlineList(2000),
  };
  return {
    requests: {
      submit: (exchange) => {
        if (!dispatcher.submit(exchange, exchange.receivedAt)) failed("the queue is full");
      },
      clientLeft: () => {},
      hold: () => {},
    },
    limits: {
      requestLineBytes: 8192,
      fieldBytes: 16_384,
      headBytes: 32_768,
      fieldCount: 100,
      bodyBytes: 64 * MIB,
    },
    names,
    readBuffer: new ReadBuffer(),
    encoder: new EnvironEncoder(undefined, trace),
    body: { memoryBytes: MIB, takeSlot: () => undefined, ...stores },
    writer: { output: new OutputBuffer(), clock, ...answers, ...stores },
    deadlines,
    bodyMinRate: 500,
    observer: {
      exchangeOver: () => {},
      refused: ({ refusal }) => failed(refusal.title),
      failed,
    },
    isDraining: false,
    idle: deadlines.keepAlive,
    now: () => performance.now(),
    newRequestId: () => "",
    onClosed: () => {},
  };
}

function connect(context: ConnectionContext): IdleSocket[] {
  return Array.from({ length: CLIENTS }, (_, index) => {
    const socket = new IdleSocket();
    const remote = { remoteAddress: "127.0.0.1", remotePort: String(40_000 + index) };
    const facts = connectionFacts(remote, { serverName: "127.0.0.1", serverPort: "8888" });
    const origin = new ConnectionOrigin(facts, undefined);
    const connection = new Http1Connection(socket, context, origin);
    if (!connection.isSpare) failed("a new connection is busy");
    return socket;
  });
}

const HEAD = Buffer.from("200 OK\r\nContent-Type: text/plain\r\nContent-Length: 13\r\n");
const BODY = Buffer.from("Hello, World!");
const NUMBER_AT = 8;
const HEADER_BYTES = 16;
const FIXED_BYTES = 24;
const ANSWER_BYTES = HEADER_BYTES + FIXED_BYTES + HEAD.length + BODY.length;

/** As many ANSWER frames (docs/protocol.md section 1) as a window holds; their numbers are set for each use. */
function answerFrames(): Buffer {
  const one = Buffer.alloc(ANSWER_BYTES);
  one.writeUInt32LE(ANSWER_BYTES - HEADER_BYTES, 0);
  one[4] = FRAME.answer;
  one[5] = ANSWER_FLAG.complete | ANSWER_FLAG.end | ANSWER_FLAG.length;
  one.writeUInt16LE(200, 16);
  one.writeUInt32LE(HEAD.length, 20);
  one.writeUInt32LE(BODY.length, 24);
  one.writeUInt32LE(10_000, 32); // It ran for 10 µs.
  HEAD.copy(one, HEADER_BYTES + FIXED_BYTES);
  BODY.copy(one, HEADER_BYTES + FIXED_BYTES + HEAD.length);
  return Buffer.concat(Array.from({ length: CLIENTS }, () => one));
}

function answerAll({ inHand, socket }: Worker, frames: Buffer): void {
  const count = inHand.length;
  for (const [index, number] of inHand.entries()) {
    frames.writeUInt32LE(number, index * ANSWER_BYTES + NUMBER_AT);
  }
  inHand.length = 0;
  socket.emit("data", frames.subarray(0, count * ANSWER_BYTES));
}

/** Nanoseconds for a request, in the best of the slices. */
function measure(fields: readonly string[]): number {
  const workers = new Map<number, Worker>();
  const dispatcher = makeDispatcher(workers);
  addWorkers(workers, dispatcher);
  const context = makeContext(dispatcher);
  const clients = connect(context);
  const bytes = Buffer.from(`GET /hello HTTP/1.1\r\n${fields.join("\r\n")}\r\n\r\n`);
  const frames = answerFrames();
  const turn = (): void => {
    for (const client of clients) client.emit("data", bytes);
    for (const { channel } of workers.values()) channel.output.flush();
    while (dispatcher.inHand > 0) {
      for (const worker of workers.values())
        if (worker.inHand.length > 0) answerAll(worker, frames);
    }
  };
  const begunAt = performance.now();
  while (performance.now() - begunAt < WARM_UP_MS) turn();
  let least = Infinity;
  for (let slice = 0; slice < SLICES; slice++) {
    const startedAt = performance.now();
    for (let i = 0; i < TURNS_A_SLICE; i++) turn();
    least = Math.min(least, performance.now() - startedAt);
  }
  return (least * 1e6) / (TURNS_A_SLICE * CLIENTS);
}

for (const [whose, fields] of Object.entries(REQUESTS)) {
  console.log(`${whose} request: ${measure(fields).toFixed(0)} ns`);
}
