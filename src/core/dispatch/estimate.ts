// What a run of a route is expected to take, learnt from the worker's own run times. The table is bounded: two routes
// whose hashes share a slot share an estimate, which costs a window too small or one withdrawal, never a wrong answer.

/** What one run counts for at most: a single slow run must not silence a quick route for long. */
export const RUN_CAP_MS = 20;

const SLOTS = 4096;
/** Weight of the newest run, as in TCP's smoothed round-trip time (RFC 6298). */
const ROUTE_WEIGHT = 1 / 8;
const APPLICATION_WEIGHT = 1 / 64;
/** Zero marks a slot that knows nothing, so no measured run may be zero. */
const SHORTEST_MS = 0.001;

export class RunEstimates {
  readonly #routes = new Float64Array(SLOTS);
  /** The start value of a new route. Until anything ran, nothing is put behind a running request. */
  #application = RUN_CAP_MS;
  #isApplicationKnown = false;

  /** Expected run time in milliseconds, at most RUN_CAP_MS. */
  of(route: number): number {
    return this.#routes[slot(route)] || this.#application;
  }

  record(route: number, runMs: number): void {
    const run = Math.max(SHORTEST_MS, Math.min(runMs, RUN_CAP_MS));
    const index = slot(route);
    const known = this.#routes[index] || run;
    this.#routes[index] = known + (run - known) * ROUTE_WEIGHT;
    if (!this.#isApplicationKnown) {
      this.#isApplicationKnown = true;
      this.#application = run;
      return;
    }
    this.#application += (run - this.#application) * APPLICATION_WEIGHT;
  }
}

function slot(route: number): number {
  return (route ^ (route >>> 16)) & (SLOTS - 1);
}
