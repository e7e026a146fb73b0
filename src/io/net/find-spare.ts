// Which connection can be closed to make room for another. Knows lists of connections and asks them; closes none.

import type { DeadlineList, Waiter } from "./deadlines.ts";
import { Http1Connection } from "./http1-connection.ts";

/** How many are looked at for one that can go. */
const SPARE_SEARCH = 32;

/**
 * The oldest that can go, among so many of the oldest that it is quick: nearly every idle one can. `movesBusy`: the others go to the end of the
 * list, as when their time is over, or those that read slowly would hide all that are idle behind them.
 */
export function findSpare(list: DeadlineList, movesBusy: boolean): Http1Connection | undefined {
  let waiter = list.oldest;
  for (let left = Math.min(SPARE_SEARCH, list.size); waiter !== undefined && left > 0; left--) {
    if (waiter instanceof Http1Connection && waiter.isSpare) return waiter;
    const next: Waiter | undefined = waiter.deadlineNext;
    if (movesBusy) list.start(waiter, performance.now());
    waiter = next;
  }
  return undefined;
}
