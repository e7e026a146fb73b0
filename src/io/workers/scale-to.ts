// "So many workers": as SIGTTIN and SIGTTOU do it step by step. Knows who has the workers.

import type { Workforce } from "./workforce.ts";

/** At least so many from now on; returns what that came to. */
export function scaleTo(workforce: Workforce, workers: number): number {
  workforce.scale(workers - workforce.registry.least, performance.now());
  return workforce.registry.least;
}
