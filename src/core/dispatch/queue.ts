// The waiting requests in the order of their age: an intrusive list, so that a cancelled request leaves in
// constant time and nothing is allocated. Knows nothing of workers.

import type { DispatchedRequest } from "./request.ts";

/**
 * From this age of the oldest request on, the newest is served first. The queue is then longer than the workers can
 * empty in time: oldest first would make every client wait long, newest first still serves most of them fast.
 */
export const OVERLOAD_MS = 1000;

export class WaitingQueue<R extends DispatchedRequest> {
  #size = 0;
  #oldest: R | undefined;
  #newest: R | undefined;

  get size(): number {
    return this.#size;
  }

  get oldest(): R | undefined {
    return this.#oldest;
  }

  /** The request to serve next; it stays in the queue. */
  peek(now: number): R | undefined {
    const oldest = this.#oldest;
    return oldest !== undefined && now - oldest.queuedAt >= OVERLOAD_MS ? this.#newest : oldest;
  }

  /** Puts a request behind all others. */
  push(request: R): void {
    this.#link(request, this.#newest, undefined);
  }

  /**
   * Puts back a request that had left, before all that are not older. Several of one channel come back newest first,
   * so that they keep their order also when they were submitted in the same instant.
   */
  putBack(request: R): void {
    // It left from one end or the other (newest first under overload), so its place is near one of them.
    const oldestAt = this.#oldest?.queuedAt ?? 0;
    const newestAt = this.#newest?.queuedAt ?? 0;
    let newer: R | undefined;
    if (request.queuedAt - oldestAt <= newestAt - request.queuedAt) {
      newer = this.#oldest;
      while (newer !== undefined && newer.queuedAt < request.queuedAt) newer = newer.newer;
      this.#link(request, newer === undefined ? this.#newest : newer.older, newer);
      return;
    }
    let older = this.#newest;
    while (older !== undefined && older.queuedAt >= request.queuedAt) older = older.older;
    this.#link(request, older, older === undefined ? this.#oldest : older.newer);
  }

  /** Puts in a request of another queue, behind all that are not newer. */
  moveIn(request: R): void {
    const oldestAt = this.#oldest?.queuedAt ?? 0;
    const newestAt = this.#newest?.queuedAt ?? 0;
    if (newestAt - request.queuedAt <= request.queuedAt - oldestAt) {
      let older = this.#newest;
      while (older !== undefined && older.queuedAt > request.queuedAt) older = older.older;
      this.#link(request, older, older === undefined ? this.#oldest : older.newer);
      return;
    }
    let newer = this.#oldest;
    while (newer !== undefined && newer.queuedAt <= request.queuedAt) newer = newer.newer;
    this.#link(request, newer === undefined ? this.#newest : newer.older, newer);
  }

  /** Takes a waiting request out, wherever it stands. */
  remove(request: R): void {
    if (request.place !== "waiting")
      throw new Error(`a request that is ${request.place} cannot leave the queue`);
    const older = request.older;
    const newer = request.newer;
    if (older === undefined) this.#oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.#newest = older;
    else newer.older = older;
    request.older = undefined;
    request.newer = undefined;
    request.place = "new";
    this.#size--;
  }

  #link(request: R, older: R | undefined, newer: R | undefined): void {
    request.older = older;
    request.newer = newer;
    request.place = "waiting";
    if (older === undefined) this.#oldest = request;
    else older.newer = request;
    if (newer === undefined) this.#newest = request;
    else newer.older = request;
    this.#size++;
  }
}
