// The front's end of the socket of one worker thread.

import assert from "node:assert/strict";
import type { Channel } from "../../../src/core/dispatch/channel.ts";
import type { Dispatcher } from "../../../src/core/dispatch/dispatcher.ts";
import type { Ledger } from "../../../src/core/workers/ledger.ts";
import { ChannelStream } from "../../../src/core/wire/channel-stream.ts";
import { Pipe } from "./clock.ts";
import type { Clock } from "./clock.ts";
import type { SimulatedRequest, WorkerFrame, WorkerProcess } from "./worker-model.ts";

export class Line {
  readonly channel: Channel<SimulatedRequest>;
  readonly process: WorkerProcess;
  readonly thread: number;
  /** Frames that wait while the front does not read. */
  readonly unread: WorkerFrame[] = [];
  /** Each frame behind HELLO is one byte of it. */
  readonly #stream = new ChannelStream();
  /** How many frames are known. */
  known = 0;
  readonly #output: Pipe;
  /** When the front began to read again, after a client that was slow. */
  resumedAt = -Infinity;
  isAtEnd = false;
  isFinished = false;
  /** Since when it holds what a thread that left will not begin, and what the front could take back; Infinity: it does not. */
  forsakenSince = Infinity;
  /** Set when the zygote has reported the exit; `ledger` is undefined if there is no zygote to tell. */
  exit: { ledger: Ledger | undefined } | undefined = undefined;

  constructor(
    clock: Clock,
    channel: Channel<SimulatedRequest>,
    end: { process: WorkerProcess; thread: number },
  ) {
    this.channel = channel;
    this.process = end.process;
    this.thread = end.thread;
    this.#output = new Pipe(clock);
  }

  /** A frame came through the socket. Returns the frames that are known only now. */
  received(): WorkerFrame[] {
    const news = this.#newsOf(this.#stream.received(new Uint8Array(1)));
    news.push(...this.#newsOf(this.#stream.takeReported()));
    return news;
  }

  /** The zygote has told of the outbox. */
  reported(base: number, count: number): WorkerFrame[] {
    this.#stream.reported(base, new Uint8Array(count));
    return this.#newsOf(this.#stream.takeReported());
  }

  /**
   * There is no zygote to report the exit: what its memory says, if the front can read it. Returns the frames that are
   * known only now.
   */
  readMemory(isLegible: boolean): WorkerFrame[] {
    if (this.exit !== undefined) return [];
    const thread = this.process.threads[this.thread];
    if (!isLegible || thread === undefined) {
      this.exit = { ledger: undefined };
      return [];
    }
    this.exit = { ledger: thread.ledger };
    return this.reported(thread.base, thread.said.length - thread.base);
  }

  /** What the front does not know yet was finished at the earliest then. */
  get unknownSince(): number {
    const { said = [], postedAt = Infinity } = this.process.threads[this.thread] ?? {};
    return said.length > this.known ? postedAt : Infinity;
  }

  #newsOf({ length }: Uint8Array): WorkerFrame[] {
    const said = this.process.threads[this.thread]?.said ?? [];
    this.known += length;
    return said.slice(this.known - length, this.known);
  }

  send(message: { number: number; request: SimulatedRequest } | "fin"): void {
    this.#output.send(() => this.process.threads[this.thread]?.receive(message));
  }
}

/** What the dispatcher is told of a frame. */
export function hear(
  dispatcher: Dispatcher<SimulatedRequest>,
  channel: Channel<SimulatedRequest>,
  frame: WorkerFrame,
  now: number,
): void {
  if (frame.type === "answer") {
    const request = dispatcher.answerBegan(channel, frame.number, now);
    assert.notEqual(request, undefined, "an answer came that nobody waits for");
    if (request !== undefined) request.answerStarted = true;
  } else if (frame.type === "body") {
    dispatcher.answerProgress(channel, now);
  } else if (frame.type === "end") {
    const request = dispatcher.ended(channel, frame.number, frame.runMs, now);
    assert.notEqual(request, undefined, "an END came that nobody waits for");
    if (request === undefined) return;
    assert.equal(request.outcome, undefined, "a request ended twice");
    request.outcome = "answered";
  }
}
