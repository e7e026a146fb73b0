// When an elastic server gives a worker up again. Slowly, since a fork is quick and a worker that is kept costs only memory: one that was
// not needed for the whole idle time goes, and while there are more like it they follow one by one, ten in that time. Pure.

/** What was seen since the last review. */
export interface Leisure {
  readonly now: number;
  readonly target: number;
  readonly least: number;
  /** The smallest number of workers that were idle at once. */
  readonly leastIdle: number;
}

/** Of the idle time: between one worker and the next. */
const NEXT_SHARE = 0.1;

export class Retrenchment {
  readonly #idleMs: number;
  #dueAt = Infinity;

  /** `idleMs`: how long a worker must have been of no use. */
  constructor(idleMs: number) {
    this.#idleMs = idleMs;
  }

  /** When review() has to be called; Infinity while there is nothing to give up. */
  get dueAt(): number {
    return this.#dueAt;
  }

  /** The number has changed: what was idle before proves nothing. */
  resized(target: number, least: number, now: number): void {
    this.#dueAt = target > least ? now + this.#idleMs : Infinity;
  }

  /** To be called at `dueAt`; afterwards what is seen counts anew. Returns the new number, or the old. */
  review({ now, target, least, leastIdle }: Leisure): number {
    const isSpare = leastIdle >= 1 && target > least;
    const next = isSpare ? target - 1 : target;
    const waitMs = isSpare ? NEXT_SHARE * this.#idleMs : this.#idleMs;
    this.#dueAt = next > least ? now + waitMs : Infinity;
    return next;
  }
}
