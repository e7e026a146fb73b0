// What becomes of a reload that somebody asked for: told once it is known, and kept for the figures. The registry decides; this looks at it
// after each of its steps.

import type { Figures } from "../../core/metrics/figures.ts";
import type { History, Reload } from "../../core/metrics/history.ts";

export interface ReloadOutcome {
  /** Undefined when none was begun. */
  readonly generation: number | undefined;
  /** Why the new code does not serve; undefined when it does. */
  readonly error: string | undefined;
}

/** What the registry shows of its generations. */
export interface Generations {
  /** The one that serves. */
  readonly serving: number | undefined;
  /** The one that has yet to prove itself. */
  readonly candidate: number | undefined;
  /** Why a candidate was given up, last time. */
  readonly lastFailure: string;
}

interface Pending {
  readonly generation: number;
  readonly beganAt: number;
  readonly resolve: (outcome: ReloadOutcome) => void;
}

export class ReloadWatch {
  readonly #keep: { readonly figures: Figures; readonly history: History };
  #pending: Pending[] = [];

  constructor(keep: { readonly figures: Figures; readonly history: History }) {
    this.#keep = keep;
  }

  /** A reload has just been asked for. Resolves when its generation serves, or will not. */
  begun({ candidate }: Generations): Promise<ReloadOutcome> {
    if (candidate === undefined) {
      return Promise.resolve({ generation: undefined, error: "the server is about to end" });
    }
    return new Promise((resolve) => {
      this.#pending.push({ generation: candidate, beganAt: performance.now(), resolve });
    });
  }

  /** The registry has taken a step. */
  settled(generations: Generations): void {
    if (this.#pending.length === 0) return;
    const over = this.#pending.filter(({ generation }) => generation !== generations.candidate);
    this.#pending = this.#pending.filter(({ generation }) => generation === generations.candidate);
    for (const { generation, beganAt, resolve } of over) {
      const end = endOf(generation, generations);
      this.#keepEnd(generation, end, performance.now() - beganAt);
      resolve({ generation, error: end.error ?? undefined });
    }
  }

  /** None was begun: why. */
  refused(error: string): void {
    this.#keepEnd(null, { outcome: "failed", error }, 0);
  }

  #keepEnd(generation: number | null, end: End, tookMs: number): void {
    const { figures, history } = this.#keep;
    figures.reloads[end.outcome]++;
    history.reloaded({ at: Date.now(), generation, tookMs: Math.round(tookMs), ...end });
  }
}

type End = Pick<Reload, "outcome" | "error">;

function endOf(generation: number, generations: Generations): End {
  if (generations.serving === generation) return { outcome: "serves", error: null };
  return generations.candidate === undefined
    ? { outcome: "failed", error: generations.lastFailure }
    : { outcome: "superseded", error: "a newer reload took its place" };
}
