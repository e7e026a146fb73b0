// How many workers there should be: the least, and the target, which elastic growth moves between that and the maximum. Pure.
//
// A reload may bring other bounds. The zygotes that there are have no room for more workers, and the new one may have none for as many as
// there are: so the old bounds count until a newer generation serves, and that one keeps within both until then.

import type { RegistryOptions } from "./commands.ts";

/** Bounds that a reload brings. */
export interface UpcomingNumbers {
  readonly minWorkers: number;
  readonly maxWorkers: number;
  /** The newest generation that does not know of them. */
  readonly after: number;
  /** Puts them into the options. */
  readonly adopt: () => void;
}

export class Numbers {
  least: number;
  target: number;
  /** Their values change. */
  readonly #options: RegistryOptions;

  constructor(options: RegistryOptions) {
    this.#options = options;
    this.least = options.minWorkers;
    this.target = options.minWorkers;
  }

  /** Another least, within 1 and the maximum: the target changes by as many. */
  scale(workers: number): void {
    const least = Math.max(1, Math.min(workers, this.#options.maxWorkers));
    const target = this.target + least - this.least;
    this.least = least;
    this.resize(target);
  }

  /** So many for now, between the least and the maximum. */
  resize(workers: number): void {
    this.target = Math.max(this.least, Math.min(workers, this.#options.maxWorkers));
  }

  /** While this generation has yet to serve; `candidateTarget`: so many of it. */
  beside(candidate: { readonly id: number } | undefined): {
    readonly least: number;
    readonly target: number;
    readonly candidateTarget: number;
  } {
    const { least, target } = this;
    const { upcoming } = this.#options;
    if (upcoming === undefined || (candidate?.id ?? 0) <= upcoming.after)
      return { least, target, candidateTarget: target };
    const { minWorkers, maxWorkers } = upcoming;
    const next = Math.max(minWorkers, Math.min(minWorkers + target - least, maxWorkers));
    return { least, target, candidateTarget: Math.min(target, next) };
  }

  /** This generation serves: if it was started for other bounds, they count from now on. */
  serves(current: { readonly id: number } | undefined): void {
    const { upcoming } = this.#options;
    if (upcoming === undefined || (current?.id ?? 0) <= upcoming.after) return;
    upcoming.adopt();
    this.scale(upcoming.minWorkers);
  }
}
