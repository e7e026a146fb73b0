// A zygote: loads, forks, withdraws, passes signals on, reports exits. Its control socket delays but keeps the order.

import { withdraw } from "../../../src/core/workers/ledger.ts";
import type { Ledger } from "../../../src/core/workers/ledger.ts";
import type { WithdrawReport } from "../../../src/core/dispatch/effects.ts";
import { Pipe } from "./clock.ts";
import type { Clock } from "./clock.ts";
import { WorkerProcess } from "./worker-model.ts";
import type { WorkerFrame } from "./worker-model.ts";

export interface Exit {
  readonly status: number | null;
  readonly signal: string | null;
  readonly ledgers: readonly Ledger[];
}

/** What reaches the front. */
export interface Reports {
  /** Not a report: for the count of what is left at the end. */
  born(process: WorkerProcess): void;
  loaded(generation: number): void;
  failed(generation: number): void;
  lost(generation: number): void;
  forked(worker: number, pid: number): void;
  exited(worker: number, exit: Exit): void;
  withdrawn(worker: number, thread: number, report: WithdrawReport): void;
  /** What is in the outbox of a thread: so many frames, the first of which is number `base` of all that it said. */
  answers(worker: number, thread: number, base: number, count: number): void;
  frame(process: WorkerProcess, thread: number, frame: WorkerFrame): void;
}

/** What goes wrong at random; nothing of it once the load is over. */
export interface Trouble {
  loadFails: number;
  workerFailsToStart: number;
  workerIsSlowToStart: number;
}

let lastPid = 1000;

export class Zygote {
  readonly generation: number;
  readonly workers = new Map<number, WorkerProcess>();
  isAlive = true;
  /** Outboxes in which there was something. */
  outboxCount = 0;
  #isStopping = false;
  /** It does one thing after the other. */
  #isBusy = false;
  readonly #commands: (() => void)[] = [];
  readonly #clock: Clock;
  readonly #reports: Reports;
  readonly #trouble: Trouble;
  readonly #threads: number;
  readonly #toFront: Pipe;
  readonly #toZygote: Pipe;

  constructor(
    clock: Clock,
    facts: { generation: number; threads: number },
    wires: { reports: Reports; trouble: Trouble },
  ) {
    this.generation = facts.generation;
    this.#threads = facts.threads;
    this.#clock = clock;
    this.#reports = wires.reports;
    this.#trouble = wires.trouble;
    this.#toFront = new Pipe(clock);
    this.#toZygote = new Pipe(clock);
    clock.after(clock.between(5, 60), () => {
      if (!this.isAlive) return;
      if (clock.chance(this.#trouble.loadFails)) {
        this.#report(() => {
          this.#reports.failed(this.generation);
        });
        this.die();
        return;
      }
      this.#report(() => {
        this.#reports.loaded(this.generation);
      });
    });
  }

  fork(id: number): void {
    this.#command(() => {
      lastPid++;
      const pid = lastPid;
      const worker: WorkerProcess = new WorkerProcess(
        this.#clock,
        { id, pid, threads: this.#threads },
        {
          toFront: (thread, frame) => {
            this.#reports.frame(worker, thread, frame);
          },
          onExit: (status, signal) => {
            this.#clock.after(this.#clock.delay(), () => {
              this.#reap(worker, status, signal);
            });
          },
        },
      );
      this.workers.set(id, worker);
      this.#reports.born(worker);
      this.#report(() => {
        this.#reports.forked(id, pid);
      });
      this.#begin(worker);
    });
  }

  signal(id: number, name: string): void {
    this.#command(() => this.workers.get(id)?.signal(name));
  }

  withdraw(id: number, thread: number, upTo: number): void {
    this.#command(() => {
      const worker = this.workers.get(id);
      if (worker !== undefined) worker.isStopped = true;
      this.#isBusy = true;
      this.#clock.after(this.#clock.delay(), () => {
        if (!this.isAlive) return;
        const words = worker?.threads[thread];
        let report = { started: words?.ledger.started ?? 0, above: upTo, upTo };
        if (words !== undefined && worker?.isAlive === true) {
          const { ledger, above } = withdraw(words.ledger, upTo);
          words.ledger = ledger;
          report = { started: ledger.started, above, upTo };
          this.#reportAnswers(worker, thread);
        }
        worker?.resume();
        this.#report(() => {
          this.#reports.withdrawn(id, thread, report);
        });
        this.#isBusy = false;
        this.#work();
      });
    });
  }

  stop(): void {
    this.#command(() => {
      this.#isStopping = true;
      for (const worker of this.workers.values()) worker.signal("KILL");
      this.#leaveIfDone();
    });
  }

  /** Killed, or gone by itself: workers that live are orphans. */
  die(): void {
    if (!this.isAlive) return;
    this.isAlive = false;
    this.#toFront.send(() => {
      this.#reports.lost(this.generation);
    });
  }

  #begin(worker: WorkerProcess): void {
    const clock = this.#clock;
    const isSlow = clock.chance(this.#trouble.workerIsSlowToStart);
    worker.later(isSlow ? 5000 : clock.between(0.5, 10), () => {
      if (clock.chance(this.#trouble.workerFailsToStart)) {
        worker.die(1, null);
        return;
      }
      for (const thread of worker.threads) thread.hello();
    });
  }

  #reap(worker: WorkerProcess, status: number | null, signal: string | null): void {
    if (!this.isAlive) return;
    const ledgers = worker.threads.map((thread) => thread.ledger);
    for (const index of worker.threads.keys()) this.#reportAnswers(worker, index);
    this.workers.delete(worker.id);
    this.#report(() => {
      this.#reports.exited(worker.id, { status, signal, ledgers });
    });
    this.#leaveIfDone();
  }

  #reportAnswers(worker: WorkerProcess, thread: number): void {
    const { base = 0, said = [] } = worker.threads[thread] ?? {};
    const count = said.length - base;
    if (count === 0) return;
    this.outboxCount++;
    this.#report(() => {
      this.#reports.answers(worker.id, thread, base, count);
    });
  }

  #leaveIfDone(): void {
    if (this.#isStopping && this.workers.size === 0) this.die();
  }

  #command(carryOut: () => void): void {
    this.#toZygote.send(() => {
      this.#commands.push(carryOut);
      this.#work();
    });
  }

  #work(): void {
    while (this.isAlive && !this.#isBusy) {
      const carryOut = this.#commands.shift();
      if (carryOut === undefined) return;
      carryOut();
    }
  }

  #report(arrive: () => void): void {
    this.#toFront.send(arrive);
  }
}
