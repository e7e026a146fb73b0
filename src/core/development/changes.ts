// When changed files are worth a reload: what an editor, a formatter or a checkout does to many files, in several steps each, is one change.
// Pure: paths and `now` in milliseconds in, the moment and the paths out.

/** So long nothing more must come. A save is several events within a millisecond or two, a formatter runs a little later. */
const QUIET_MS = 30;
/** A file that is gone comes back, mostly: an editor has moved it out of its way, to write the new one in its place. */
const GONE_MS = 250;
/** Whatever still comes: a program that writes on and on must not keep the old code. */
const MAX_MS = 1500;

export class Changes {
  /** Paths that have changed, and whether they were gone at last. */
  readonly #paths = new Map<string, boolean>();
  #firstAt = Infinity;
  #lastAt = -Infinity;

  /** When take() is due; Infinity while nothing has changed. Each change may put it off. */
  get dueAt(): number {
    if (this.#paths.size === 0) return Infinity;
    const quietMs = [...this.#paths.values()].includes(true) ? GONE_MS : QUIET_MS;
    return Math.min(this.#lastAt + quietMs, this.#firstAt + MAX_MS);
  }

  changed(path: string, isGone: boolean, now: number): void {
    if (this.#paths.size === 0) this.#firstAt = now;
    this.#lastAt = now;
    this.#paths.set(path, isGone);
  }

  /** What has changed, in the order in which it was seen; empty before it is due. */
  take(now: number): readonly string[] {
    if (now < this.dueAt) return [];
    const paths = [...this.#paths.keys()];
    this.#paths.clear();
    return paths;
  }
}
