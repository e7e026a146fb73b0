// Waiting for a condition instead of sleeping; every wait ends.

/** All deadlines of tests, multiplied by this: slow machines set RICKHOUSE_TEST_PATIENCE. */
const PATIENCE = Number(process.env["RICKHOUSE_TEST_PATIENCE"] ?? "1");

/** The time of the monotonic clock at which something must have happened. */
export function deadlineIn(ms: number): number {
  return performance.now() + ms * PATIENCE;
}

/** Polls until `condition` gives something else than undefined or false. Throws with `what` after the deadline. */
export async function waitFor<T>(
  what: () => string,
  condition: () => T | undefined | false,
  deadlineMs = 20_000,
): Promise<T> {
  const end = deadlineIn(deadlineMs);
  for (;;) {
    const found = condition();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > end) throw new Error(`waited in vain: ${what()}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
