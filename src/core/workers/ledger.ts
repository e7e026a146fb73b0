// The arithmetic of the ledger (docs/protocol.md section 3): what a worker thread may run, what a withdrawal takes
// back, and what became of a request after a death. Pure twin of the shared page; it reads no memory.

/** The three words that a worker thread shares with its zygote. */
export interface Ledger {
  /** Number of the request that the thread began last. */
  readonly started: number;
  /** Every number up to this one is withdrawn, unless it had begun. */
  readonly withdrawnTo: number;
  /** The one number up to `withdrawnTo` that had begun. */
  readonly exempt: number;
}

export const EMPTY_LEDGER: Ledger = { started: 0, withdrawnTo: 0, exempt: 0 };

/** `withdrawn` and `not-started` never ran: both may go to another worker whatever their method. */
export type Fate = "not-started" | "withdrawn" | "started";

/**
 * What became of a request that was in the hands of the thread and of which no END came. A withdrawal that the front
 * has been told of took its requests out of the thread's hands, so only the last one can touch this number: it began
 * at `exempt`. A number below `exempt` is not withdrawn, it ran before (its END was lost, or waited in the worker);
 * taking it for withdrawn, since it is no more than `withdrawnTo`, would run it twice.
 */
export function fateOf(number: number, ledger: Ledger): Fate {
  if (number > ledger.exempt && number <= ledger.withdrawnTo) return "withdrawn";
  return number <= ledger.started ? "started" : "not-started";
}

/** The worker's test after it stored `started = number`: skip it without a word, or run it. */
export function isSkipped(number: number, ledger: Ledger): boolean {
  return number <= ledger.withdrawnTo && number !== ledger.exempt;
}

/** What the zygote does while the worker is stopped: numbers n with `above < n <= upTo` will never start. */
export function withdraw(ledger: Ledger, upTo: number): { ledger: Ledger; above: number } {
  const { started, withdrawnTo, exempt } = ledger;
  return {
    above: Math.max(started, withdrawnTo),
    ledger: {
      started,
      withdrawnTo: Math.max(withdrawnTo, upTo),
      exempt: started > withdrawnTo ? started : exempt,
    },
  };
}
