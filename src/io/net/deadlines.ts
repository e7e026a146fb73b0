// Time-outs of connections without a timer for each: one list per kind, kept in order of expiry because all members of a kind
// wait equally long. Setting and clearing costs a few pointer writes; a sweep looks at what has expired and no further.
// Knows nothing of sockets: the member knows what to do when its time is over.

/** A member of at most one list at a time. The fields belong to the lists. */
export interface Waiter {
  deadlineAt: number;
  deadlineList: DeadlineList | undefined;
  deadlinePrevious: Waiter | undefined;
  deadlineNext: Waiter | undefined;
  /** The time of `list` is over; the waiter is out of it already. */
  onDeadline(list: DeadlineList, now: number): void;
}

export class DeadlineList {
  #durationMs: number;
  #first: Waiter | undefined;
  #last: Waiter | undefined;
  #size = 0;

  /** A duration of 0 means no time-out: members are kept (they can be counted and found) and never expire. */
  constructor(durationMs: number) {
    this.#durationMs = durationMs;
  }

  get size(): number {
    return this.#size;
  }

  /** The member that waits longest. */
  get oldest(): Waiter | undefined {
    return this.#first;
  }

  /** For members too: who waits already has waited as long of the new duration as of the old. Neither may be 0. */
  setDuration(durationMs: number): void {
    const moreMs = durationMs - this.#durationMs;
    this.#durationMs = durationMs;
    this.forEach((waiter) => {
      waiter.deadlineAt += moreMs;
    });
  }

  /** Puts `waiter` at the end of this list, out of the list that it was in. */
  start(waiter: Waiter, now: number): void {
    clearDeadline(waiter);
    waiter.deadlineAt = this.#durationMs === 0 ? Infinity : now + this.#durationMs;
    waiter.deadlineList = this;
    waiter.deadlinePrevious = this.#last;
    if (this.#last === undefined) this.#first = waiter;
    else this.#last.deadlineNext = waiter;
    this.#last = waiter;
    this.#size++;
  }

  sweep(now: number): void {
    for (;;) {
      const waiter = this.#first;
      if (waiter === undefined || waiter.deadlineAt > now) return;
      clearDeadline(waiter);
      waiter.onDeadline(this, now);
    }
  }

  /** Calls `visit` for each member; `visit` may remove the member that it is given, and no other. */
  forEach(visit: (waiter: Waiter) => void): void {
    let waiter = this.#first;
    while (waiter !== undefined) {
      const next = waiter.deadlineNext;
      visit(waiter);
      waiter = next;
    }
  }

  remove(waiter: Waiter): void {
    const previous = waiter.deadlinePrevious;
    const next = waiter.deadlineNext;
    if (previous === undefined) this.#first = next;
    else previous.deadlineNext = next;
    if (next === undefined) this.#last = previous;
    else next.deadlinePrevious = previous;
    waiter.deadlineList = undefined;
    waiter.deadlinePrevious = undefined;
    waiter.deadlineNext = undefined;
    this.#size--;
  }
}

/** Takes `waiter` out of the list that it is in, if any. */
export function clearDeadline(waiter: Waiter): void {
  waiter.deadlineList?.remove(waiter);
}
