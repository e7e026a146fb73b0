// One worker thread's channel, front's end: bytes from the socket through the frame reader to answers of exchanges.
// Holds what was said so far about the request in hand; decides nothing about who gets which request (core/dispatch).

import type { Channel } from "../../core/dispatch/channel.ts";
import type { Dispatcher } from "../../core/dispatch/dispatcher.ts";
import type { Exchange } from "../../core/http/exchange.ts";
import type { Service } from "../../core/workers/recycling.ts";
import { ChannelStream } from "../../core/wire/channel-stream.ts";
import { FrameReader, READ, type Read } from "../../core/wire/frame-reader.ts";
import { nextRequestState, requestEventOf } from "../../core/wire/state.ts";
import { ReadBlocks } from "../net/read-blocks.ts";
import { readInto } from "../net/read-buffer.ts";
import type { ByteSocket } from "../sockets/byte-socket.ts";
import type { AnswerSlots } from "./answer-memory.ts";
import type { BodyMemory, BodySlot } from "./body-memory.ts";
import { ChannelSocket } from "./channel-socket.ts";
import type { SharedByChannels } from "./shared-by-channels.ts";

export interface Hello {
  readonly token: Uint8Array;
  readonly version: number;
  readonly thread: number;
  readonly pid: number;
}

/** `late`: by now its worker is gone or not wanted any more, a reload came in between, say. `unknown`: nobody was given this token. */
export type Welcome = "welcome" | "late" | "unknown";

export interface WorkerChannelEvents {
  /** The first frame. Sets `channel`, if it is welcome. */
  onHello(hello: Hello): Welcome;
  /** What came is not the protocol: the worker is broken, or not ours. The socket is closed already. */
  onViolation(what: string): void;
  /** Everything that the worker wrote was read. */
  onClosed(): void;
  /** A request is over: answered by this worker. */
  onOver(exchange: Exchange): void;
  /** Something happened that may have changed when the dispatcher wants its tick. */
  onActivity(): void;
  now(): number;
}

/** Who connects has this long to say HELLO. */
const HELLO_TIMEOUT_MS = 10_000;
const NS_PER_MS = 1e6;
/** Smaller bodies are read from the socket at once, with their frame. */
const LEAST_IN_MEMORY = 32 * 1024;

export class WorkerChannel {
  readonly output: ChannelSocket;
  readonly #dispatcher: Dispatcher<Exchange>;
  readonly #events: WorkerChannelEvents;
  readonly #stream = new ChannelStream();
  readonly #blocks: ReadBlocks;
  readonly #reader: FrameReader;
  /** The dispatcher's view of this thread; undefined until HELLO. */
  channel: Channel<Exchange> | undefined;
  /** Where large bodies are left for its worker; undefined where they go through the socket. */
  bodyMemory: BodyMemory | undefined;
  /** Where its worker may read, by the numbers of its requests. */
  readonly #lent: { readonly number: number; readonly slot: BodySlot }[] = [];
  #answerSlots: AnswerSlots | undefined;
  /** What its worker has served; undefined until HELLO. */
  service: Service | undefined;
  /** Ends with HELLO. */
  readonly #patience: NodeJS.Timeout;
  /** Of HELLO; 0 before. */
  pid = 0;
  #isClosed = false;
  /** It broke the protocol: nothing that it says is believed any more. */
  #isBroken = false;

  constructor(
    socket: ByteSocket,
    shared: SharedByChannels,
    dispatcher: Dispatcher<Exchange>,
    events: WorkerChannelEvents,
  ) {
    const blocks = new ReadBlocks(shared.blocks);
    this.#blocks = blocks;
    this.#reader = new FrameReader(() => blocks.hold());
    readInto(
      socket,
      () => blocks.next(),
      (chunk) => {
        blocks.filled(chunk.length);
        this.#read(this.#stream.received(chunk));
        this.#read(this.#stream.takeReported());
      },
    );
    this.#dispatcher = dispatcher;
    this.#events = events;
    this.output = new ChannelSocket(socket, shared.flusher);
    this.#patience = setTimeout(() => {
      socket.destroy();
    }, HELLO_TIMEOUT_MS).unref();
    socket.on("end", () => {
      socket.end();
    });
    socket.on("error", () => {}); // ECONNRESET of a worker that was killed; "close" follows.
    socket.on("close", () => {
      this.#isClosed = true;
      clearTimeout(this.#patience);
      this.#blocks.close();
      this.#events.onClosed();
    });
  }

  /** Tells the thread to leave, if that is all that is left to tell it. */
  endIfDone(): void {
    if (this.channel?.mayLeave === true && !this.#isClosed) this.output.end();
  }

  /** Everything that the worker wrote was read. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  send(number: number, exchange: Exchange): void {
    exchange.workerPid = this.pid;
    const slots = this.#answerSlots;
    if (this.channel?.inHand === 1) slots?.reclaim();
    this.output.send(number, exchange, this.#placeOf(number, exchange), slots !== undefined);
    if (exchange.hasClientEnded) this.output.sendGone(number, false);
  }

  /** Where large pieces of answers are left by this thread: from now on it is asked to. */
  set answerSlots(slots: AnswerSlots | undefined) {
    this.#answerSlots = slots;
    this.#reader.memory = slots;
  }

  /** What was found in the outbox, and the offset of its first byte in the channel. */
  takeOutbox(base: number, bytes: Uint8Array): void {
    this.#stream.reported(base, bytes);
    this.#read(this.#stream.takeReported());
  }

  /** Where its body lies in memory, if it is large enough for that to be cheaper; -1: it goes through the socket. */
  #placeOf(number: number, { request: { body } }: Exchange): number {
    if (body === undefined || body.length < LEAST_IN_MEMORY || body.path !== undefined) return -1;
    const slot = this.bodyMemory?.lend(body);
    if (slot === undefined) return -1;
    this.#lent.push({ number, slot });
    return slot.start;
  }

  /** Its worker reads no body of a request up to this one any more: it has said END, or never will. */
  takeBodiesBack(upTo: number): void {
    const lent = this.#lent;
    while (lent[0] !== undefined && lent[0].number <= upTo) lent.shift()?.slot.letGo();
  }

  #read(bytes: Uint8Array): void {
    if (bytes.length === 0 || this.#isBroken) return;
    const reader = this.#reader;
    reader.push(bytes);
    const now = this.#events.now();
    for (;;) {
      const read = reader.next();
      if (read === READ.needMore) break;
      const problem = read === READ.hello ? this.#onHello() : this.#onRequestFrame(read, now);
      if (problem !== "") {
        this.#isBroken = true;
        this.output.destroy();
        this.#events.onViolation(problem);
        return;
      }
    }
    this.#events.onActivity();
  }

  /** The client would take what is too much for the next answer (response splitting). */
  #isTooLong(read: Read, exchange: Exchange): boolean {
    const { contentLength, frameBodyBytes, pieceEnd, pieceStart } = this.#reader;
    if (read === READ.answer) {
      exchange.bodyLeft = contentLength === -1 ? Infinity : contentLength;
      if (frameBodyBytes > exchange.bodyLeft) return true;
    } else if (read !== READ.body) return false;
    exchange.bodyLeft -= pieceEnd - pieceStart;
    return exchange.bodyLeft < 0;
  }

  #onHello(): string {
    if (this.channel !== undefined) return "a second HELLO";
    const { token, version, thread, pid } = this.#reader;
    const welcome = this.#events.onHello({ token, version, thread, pid });
    if (welcome === "unknown") return "HELLO with a wrong or used token";
    if (welcome === "late") this.output.destroy(); // No fault of its own: it leaves without a word.
    clearTimeout(this.#patience);
    this.pid = pid;
    return "";
  }

  /** Returns what is wrong with the frame, or nothing. */
  #onRequestFrame(read: Read, now: number): string {
    const reader = this.#reader;
    if (read === READ.violation) return reader.violation;
    const { channel } = this;
    if (channel === undefined) return "a frame before HELLO";
    const exchange = channel.oldest;
    if (exchange === undefined || exchange.number !== reader.number) {
      return `a frame for request number ${reader.number}, which is not the oldest in hand`;
    }
    const state = nextRequestState(exchange.answerState, requestEventOf(read, reader));
    if (state === undefined) return `frame out of order (request is ${exchange.answerState})`;
    if (this.#isTooLong(read, exchange)) return "a body longer than its Content-Length";
    exchange.answerState = state;
    exchange.answeredAt = now;
    // Before the answer is passed on: whoever logs it then wants to know. (Of other frames than the last it is 0.)
    exchange.runMs = reader.runNs / NS_PER_MS;
    const isComplete = state === "complete" || state === "over";
    if (read === READ.answer) {
      this.#dispatcher.answerBegan(channel, reader.number, now);
      exchange.answerStarted = true;
      exchange.sink.answerBegan(exchange, reader, isComplete);
    } else if (read === READ.body) {
      this.#dispatcher.answerProgress(channel, now);
      exchange.sink.answerContinued(exchange, reader, isComplete);
    }
    if (state === "over") {
      this.takeBodiesBack(reader.number);
      this.#dispatcher.ended(channel, reader.number, exchange.runMs, now);
      this.endIfDone();
      this.#events.onOver(exchange);
      exchange.sink.answerEnded(exchange, read === READ.end && reader.isBroken);
    }
    return "";
  }
}
