// When the front should be scheduled as a batch process (design section 5): under many short requests each answer would wake it in
// place of a worker, and both would lose their caches. Under SCHED_BATCH it wakes no less, but preempts nobody: measured with Flask, 64
// connections and 2 workers on 2 cores, a fifth more requests per second. Beside few long requests it would only answer later, so: not then.
// Pure: counts in, a policy out.

export type SchedulingPolicy = "batch" | "other";

/** Requests per second from which batch scheduling pays, and below which it ends. */
const ENTER_RATE = 2000;
const LEAVE_RATE = 1000;
/** Mean run time above which workers, not wake-ups, are what requests wait for. */
const SHORT_RUN_MS = 2;

export class FrontScheduling {
  #policy: SchedulingPolicy = "other";
  #requests = 0;
  #runMs = 0;

  get policy(): SchedulingPolicy {
    return this.#policy;
  }

  /** A request is over; `runMs` is the worker's own measurement. */
  count(runMs: number): void {
    this.#requests++;
    this.#runMs += runMs;
  }

  /** The period of `seconds` is over: true when the policy has changed. */
  review(seconds: number): boolean {
    const rate = this.#requests / seconds;
    const isShort = this.#runMs < SHORT_RUN_MS * this.#requests;
    this.#requests = 0;
    this.#runMs = 0;
    const enter = this.#policy === "other" ? ENTER_RATE : LEAVE_RATE;
    const policy = isShort && rate >= enter ? "batch" : "other";
    if (policy === this.#policy) return false;
    this.#policy = policy;
    return true;
  }
}
