// What is used again instead of made anew. What was given back last is taken first: it is in the processor's caches. What nobody needed for a
// while is let go, half of it each time.

/** How often that is looked at. */
const TRIM_MS = 1000;

export interface FreeListOptions<T> {
  /** So many stay for whoever comes next, however long nobody does. */
  readonly alwaysFree: number;
  /** So many are let go at once. */
  readonly mostAtOnce?: number;
  /** Nobody will be given this one any more. */
  discard(item: T): void;
}

export class FreeList<T> {
  readonly #free: T[] = [];
  readonly #options: FreeListOptions<T>;
  /** The fewest since the last trim: what nobody needed. */
  #leastFree = 0;
  #trimmer: NodeJS.Timeout | undefined;

  constructor(options: FreeListOptions<T>) {
    this.#options = options;
  }

  take(): T | undefined {
    const item = this.#free.pop();
    if (this.#free.length < this.#leastFree) this.#leastFree = this.#free.length;
    return item;
  }

  /** Once for each `take`. */
  give(item: T): void {
    this.#free.push(item);
    const isMuch = this.#free.length > this.#options.alwaysFree;
    if (isMuch && this.#trimmer === undefined) this.#startTrimmer();
  }

  get length(): number {
    return this.#free.length;
  }

  /** Lets go of half of what nobody needed since the last call. False when nothing is left to let go. */
  trim(): boolean {
    const { alwaysFree, mostAtOnce = Infinity } = this.#options;
    const spare = Math.min(this.#leastFree, this.#free.length - alwaysFree);
    const count = Math.min(Math.ceil(Math.max(spare, 0) / 2), mostAtOnce);
    // The oldest.
    for (const item of this.#free.splice(0, count)) this.#options.discard(item);
    this.#leastFree = this.#free.length;
    return this.#free.length > alwaysFree;
  }

  /** Forgets all, without a word to `discard`. */
  clear(): void {
    this.#free.length = 0;
    this.#stopTrimmer();
  }

  /** Only while there is something to trim: an idle server sleeps. */
  #startTrimmer(): void {
    this.#leastFree = 0;
    this.#trimmer = setInterval(() => {
      if (!this.trim()) this.#stopTrimmer();
    }, TRIM_MS);
    this.#trimmer.unref();
  }

  #stopTrimmer(): void {
    clearInterval(this.#trimmer);
    this.#trimmer = undefined;
  }
}
