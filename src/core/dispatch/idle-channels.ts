// The channels that hold nothing and may be given a request. Last in, first out: the worker that ran last has its
// memory in the caches, and those at the bottom are the ones that a shrinking pool can do without. Among the threads
// of several workers the one with the fewest busy siblings goes first, since siblings share an interpreter lock.

import type { Channel } from "./channel.ts";
import type { DispatchedRequest } from "./request.ts";

/** More than the busy threads of one worker can make. */
const COMPANY_COST = 1e6;

export class IdleChannels<R extends DispatchedRequest> {
  readonly #stack: Channel<R>[] = [];

  /** The fewest that were idle at once since takeLeast(). */
  #least = 0;

  get size(): number {
    return this.#stack.length;
  }

  takeLeast(): number {
    const least = this.#least;
    this.#least = this.#stack.length;
    return least;
  }

  /** None of those that are idle now could be done without. */
  keepAll(): void {
    this.#least = 0;
  }

  push(channel: Channel<R>): void {
    channel.isIdle = true;
    this.#stack.push(channel);
  }

  /** `outsider`: rather none of those that quick requests are put behind, since it will be held for long. */
  take(wanted: "any" | "outsider" = "any"): Channel<R> | undefined {
    let best = this.#stack.at(-1);
    if (best === undefined) return undefined;
    let least = costOf(best, wanted);
    for (let index = this.#stack.length - 2; index >= 0 && least > 0; index--) {
      const channel = this.#stack[index];
      if (channel === undefined || costOf(channel, wanted) >= least) continue;
      best = channel;
      least = costOf(channel, wanted);
    }
    this.remove(best);
    return best;
  }

  /** Takes the channel out if it is idle. */
  remove(channel: Channel<R>): void {
    if (!channel.isIdle) return;
    channel.isIdle = false;
    const stack = this.#stack;
    // By hand, since splice() would allocate an array for each request. Nearly always it is the last one.
    const last = stack.length - 1;
    for (let index = stack.lastIndexOf(channel); index < last; index++) {
      const above = stack[index + 1];
      if (above !== undefined) stack[index] = above;
    }
    stack.pop();
    if (last < this.#least) this.#least = last;
  }
}

function costOf({ load, isCompany }: Channel<DispatchedRequest>, wanted: string): number {
  return load.busyThreads + (wanted === "outsider" && isCompany ? COMPANY_COST : 0);
}
