// The front's end of the socket of one worker thread.

import type { Channel } from "../../../src/core/dispatch/channel.ts";
import type { Ledger } from "../../../src/core/workers/ledger.ts";
import { Pipe } from "./clock.ts";
import type { Clock } from "./clock.ts";
import type { SimulatedRequest, WorkerFrame, WorkerProcess } from "./worker-model.ts";

export class Line {
  readonly channel: Channel<SimulatedRequest>;
  readonly process: WorkerProcess;
  readonly thread: number;
  /** Frames that wait while the front does not read. */
  readonly unread: WorkerFrame[] = [];
  readonly #output: Pipe;
  isAtEnd = false;
  isFinished = false;
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

  send(message: { number: number; request: SimulatedRequest } | "fin"): void {
    this.#output.send(() => this.process.threads[this.thread]?.receive(message));
  }
}
