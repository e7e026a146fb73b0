// Zygotes that owe word: of a worker that they were to fork, of the end of one that was killed, of a withdrawal. One that stands still would take
// its workers out of service one by one, and bring no others. While it owes, it is asked for a word each second; one that says nothing at all
// for too long is told of. Knows no process.

import type { Worker } from "../../core/workers/worker.ts";

/** A word takes 0.1 ms, and 1 s while a worker cannot be stopped; a fork takes seconds where the application is very large. */
const PATIENCE_STEPS = 6;
/** However late the timer is: a process that stood still, perhaps with its whole container, has waited for no longer than this. */
const STEP_MS = 1000;

export interface ZygoteWatchEvents {
  /** The generations whose zygote owes something. */
  debtors(): Iterable<number>;
  /** To be asked something that it answers at once. */
  onAsk(generation: number): void;
  onHanging(generation: number): void;
}

export class ZygoteWatch {
  readonly #events: ZygoteWatchEvents;
  #timer: NodeJS.Timeout | undefined;
  /** For how many steps each that owes has said nothing. */
  #silence = new Map<number, number>();

  constructor(events: ZygoteWatchEvents) {
    this.#events = events;
  }

  /** Something was asked of a zygote. */
  asked(): void {
    if (this.#timer === undefined) this.#wait();
  }

  /** It has said something. */
  heard(generation: number): void {
    this.#silence.delete(generation);
  }

  #wait(): void {
    this.#timer = setTimeout(() => {
      // A front that stood still has the answer before it, unread.
      setImmediate(this.#check);
    }, STEP_MS);
    this.#timer.unref();
  }

  readonly #check = (): void => {
    this.#timer = undefined;
    const before = this.#silence;
    this.#silence = new Map();
    for (const generation of new Set(this.#events.debtors())) {
      const steps = (before.get(generation) ?? -1) + 1;
      this.#silence.set(generation, steps % PATIENCE_STEPS);
      if (steps === PATIENCE_STEPS) this.#events.onHanging(generation);
      else this.#events.onAsk(generation);
    }
    if (this.#silence.size > 0) this.asked();
  };
}

type Debtor = Pick<Worker, "id" | "pid" | "state" | "isOrphan"> & {
  readonly generation: { readonly id: number };
};

interface Channels {
  readonly channels: readonly (
    | { readonly channel?: { readonly isWithdrawing: boolean } | undefined }
    | undefined
  )[];
}

/** An orphan's zygote is gone: it owes nothing. */
export function* debtorsAmong(
  workers: Iterable<Debtor>,
  records: ReadonlyMap<number, Channels>,
): Iterable<number> {
  for (const { id, pid, state, generation, isOrphan } of workers) {
    if (isOrphan) continue;
    const { channels = [] } = records.get(id) ?? {};
    const isWithdrawing = channels.some((each) => each?.channel?.isWithdrawing === true);
    if (pid === undefined || state === "killed" || isWithdrawing) yield generation.id;
  }
}
