// The newest things that went wrong or changed, for people: workers that died, reloads. Bounded. Pure: times come in, in milliseconds
// since 1970.

import type { EndCause, ReloadEnd } from "./figures.ts";

/** So many of each kind are kept. */
export const HISTORY_LENGTH = 20;

export interface Death {
  readonly at: number;
  readonly worker: number;
  readonly pid: number | null;
  readonly cause: EndCause;
  /** `SIGSEGV`, `exit status 1`. */
  readonly how: string;
  /** Method and path of what it was running; null when it was idle, or as long as that is not known. */
  request: string | null;
}

export interface Reload {
  readonly at: number;
  /** Null: none was begun. */
  readonly generation: number | null;
  readonly outcome: ReloadEnd;
  readonly tookMs: number;
  /** Why its code does not serve; null when it does. */
  readonly error: string | null;
}

export class History {
  readonly #deaths: Death[] = [];
  readonly #reloads: Reload[] = [];

  /** Newest first. */
  get deaths(): readonly Death[] {
    return this.#deaths;
  }

  /** Newest first. */
  get reloads(): readonly Reload[] {
    return this.#reloads;
  }

  died(death: Death): void {
    keep(this.#deaths, death);
  }

  reloaded(reload: Reload): void {
    keep(this.#reloads, reload);
  }
}

function keep<T>(list: T[], entry: T): void {
  list.unshift(entry);
  if (list.length > HISTORY_LENGTH) list.pop();
}
