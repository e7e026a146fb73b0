// A worker process with its threads, executed step by step as docs/protocol.md section 3 draws it: the store of
// `started`, the test and the run are separate events, so that a stop can fall between any two of them.

import { DispatchedRequest } from "../../../src/core/dispatch/request.ts";
import { EMPTY_LEDGER, isSkipped } from "../../../src/core/workers/ledger.ts";
import type { Ledger } from "../../../src/core/workers/ledger.ts";
import { Pipe } from "./clock.ts";
import type { Clock } from "./clock.ts";

/** What a run of a request does. */
export interface Plan {
  /** Time before the first piece and between pieces; Infinity hangs. */
  readonly pieceMs: readonly number[];
  /** The answer is whole (COMPLETE) this long before the run is over. */
  readonly closeMs: number;
  /** The process dies in the middle of the run. */
  readonly isDeadly: boolean;
}

export class SimulatedRequest extends DispatchedRequest {
  readonly route: number;
  readonly isSafe: boolean;
  readonly frameBytes: number;
  readonly plan: Plan;
  /** Calls of the application. */
  starts = 0;
  /** Stores of `started` for this request: what a ledger can know. */
  stores = 0;
  /** Starts whose process died before the run was over. */
  lostRuns = 0;
  submittedAt = 0;
  outcome: string | undefined = undefined;

  constructor(facts: { route: number; isSafe: boolean; frameBytes: number; plan: Plan }) {
    super();
    this.route = facts.route;
    this.isSafe = facts.isSafe;
    this.frameBytes = facts.frameBytes;
    this.plan = facts.plan;
  }
}

export type WorkerFrame =
  | { readonly type: "hello" }
  | { readonly type: "answer"; readonly number: number }
  | { readonly type: "body"; readonly number: number }
  | { readonly type: "end"; readonly number: number; readonly runMs: number }
  | { readonly type: "eof" };

interface Received {
  readonly number: number;
  readonly request: SimulatedRequest;
}

export class WorkerProcess {
  readonly id: number;
  readonly pid: number;
  readonly threads: WorkerThread[];
  readonly #clock: Clock;
  readonly #onExit: (status: number | null, signal: string | null) => void;
  #frozen: (() => void)[] = [];
  isAlive = true;
  isStopped = false;
  isLeaving = false;
  /** C code that does not let go: SIGABRT is not enough. */
  readonly isStubborn: boolean;

  constructor(
    clock: Clock,
    facts: { id: number; pid: number; threads: number },
    wires: {
      toFront: (thread: number, frame: WorkerFrame) => void;
      onExit: (status: number | null, signal: string | null) => void;
    },
  ) {
    this.id = facts.id;
    this.pid = facts.pid;
    this.#clock = clock;
    this.#onExit = wires.onExit;
    this.isStubborn = clock.chance(0.2);
    this.threads = Array.from(
      { length: facts.threads },
      (_, index) =>
        new WorkerThread(clock, this, (frame) => {
          wires.toFront(index, frame);
        }),
    );
  }

  /** A step of this process: it waits while the process is stopped, and never happens once it is dead. */
  later(ms: number, step: () => void): void {
    this.#clock.after(ms, () => {
      if (!this.isAlive) return;
      if (this.isStopped) this.#frozen.push(step);
      else step();
    });
  }

  signal(name: string): void {
    if (!this.isAlive) return;
    if (name === "CONT") this.resume();
    else if (name === "KILL" || !this.isStubborn) this.die(null, `SIG${name}`);
  }

  resume(): void {
    this.isStopped = false;
    const steps = this.#frozen;
    this.#frozen = [];
    for (const step of steps) this.later(0, step);
  }

  /** SIGTERM from outside: the first thread leaves at once if it is idle, the others look when they are sent something. */
  leave(): void {
    this.later(0, () => {
      this.isLeaving = true;
      this.threads[0]?.leaveIfIdle();
    });
  }

  die(status: number | null, signal: string | null): void {
    if (!this.isAlive) return;
    this.isAlive = false;
    for (const thread of this.threads) thread.lose();
    this.#onExit(status, signal);
  }

  threadEnded(): void {
    if (this.threads.every((thread) => thread.isEnded)) this.die(0, null);
  }
}

export class WorkerThread {
  ledger: Ledger = EMPTY_LEDGER;
  isEnded = false;
  /** What runs, and since when it has been silent. */
  current: Received | undefined;
  silentSince = 0;
  /** When the last run was over. */
  endedAt = -Infinity;
  readonly #clock: Clock;
  readonly #process: WorkerProcess;
  readonly #output: Pipe;
  readonly #toFront: (frame: WorkerFrame) => void;
  readonly #inbox: (Received | "fin")[] = [];
  /** Everything that was said behind HELLO, and how much of it was handed to the socket: the rest is the outbox. */
  readonly said: WorkerFrame[] = [];
  base = 0;
  /** When the oldest frame of the outbox came. */
  postedAt = Infinity;
  #isBusy = false;

  constructor(clock: Clock, process: WorkerProcess, toFront: (frame: WorkerFrame) => void) {
    this.#clock = clock;
    this.#process = process;
    this.#output = new Pipe(clock);
    this.#toFront = toFront;
  }

  hello(): void {
    this.#write({ type: "hello" });
  }

  /** The kernel takes it in, also for a process that is stopped. */
  receive(message: Received | "fin"): void {
    if (this.isEnded || !this.#process.isAlive) return;
    this.#inbox.push(message);
    if (this.#isBusy) return;
    this.#isBusy = true;
    this.#process.later(this.#clock.delay(), () => {
      this.#next();
    });
  }

  /** The process has died: what was not written never will be. */
  lose(): void {
    if (this.current !== undefined) this.current.request.lostRuns++;
    this.current = undefined;
    if (this.isEnded) return;
    this.isEnded = true;
    this.#write({ type: "eof" });
  }

  leaveIfIdle(): void {
    if (!this.#isBusy && !this.isEnded) this.#leave();
  }

  #next(): void {
    if (this.#process.isLeaving) {
      // What it was sent stays where it is.
      this.#flush();
      if (!this.isEnded) this.#leave();
      return;
    }
    const message = this.#inbox.shift();
    if (message === undefined || message === "fin") {
      this.#flush();
      this.#isBusy = false;
      if (message === "fin") this.#leave();
      return;
    }
    // The three steps of the ledger algorithm.
    this.#step(() => {
      this.ledger = { ...this.ledger, started: message.number };
      message.request.stores++;
      this.#step(() => {
        if (isSkipped(message.number, this.ledger)) {
          this.#step(() => {
            this.#next();
          });
          return;
        }
        this.#run(message);
      });
    });
  }

  #run(received: Received): void {
    const { request, number } = received;
    request.starts++;
    this.current = received;
    this.silentSince = this.#clock.now;
    const beganAt = this.#clock.now;
    const { pieceMs, isDeadly } = request.plan;
    const piece = (index: number): void => {
      const ms = pieceMs[index] ?? 0;
      if (ms === Infinity) return;
      this.#process.later(isDeadly ? ms * this.#clock.random() : ms, () => {
        if (isDeadly) {
          this.#process.die(null, "SIGSEGV");
          return;
        }
        this.#post({ type: index === 0 ? "answer" : "body", number });
        this.silentSince = this.#clock.now;
        if (index + 1 === pieceMs.length) {
          this.#close(received, beganAt);
          return;
        }
        this.#flush();
        piece(index + 1);
      });
    };
    piece(0);
  }

  #close({ request, number }: Received, beganAt: number): void {
    this.#process.later(request.plan.closeMs, () => {
      this.current = undefined;
      this.endedAt = this.#clock.now;
      this.#post({ type: "end", number, runMs: this.#clock.now - beganAt });
      this.#next();
    });
  }

  #leave(): void {
    this.isEnded = true;
    this.#write({ type: "eof" });
    this.#process.threadEnded();
  }

  /** Into the outbox, where it waits while other requests that will run here are at hand, but not for long. */
  #post(frame: WorkerFrame): void {
    if (this.base === this.said.length) this.postedAt = this.#clock.now;
    this.said.push(frame);
    const next = this.#inbox[0];
    const isWindowOver =
      next === undefined || next === "fin" || isSkipped(next.number, this.ledger);
    if (isWindowOver || this.#clock.now - this.postedAt > 0.5) this.#flush();
  }

  #flush(): void {
    for (; this.base < this.said.length; this.base++) {
      const frame = this.said[this.base];
      if (frame !== undefined) this.#write(frame);
    }
    this.postedAt = Infinity;
  }

  #step(step: () => void): void {
    this.#process.later(this.#clock.chance(0.5) ? 0 : this.#clock.delay(), step);
  }

  #write(frame: WorkerFrame): void {
    this.#output.send(() => {
      this.#toFront(frame);
    });
  }
}
