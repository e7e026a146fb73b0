// The check of CI: ratios of a short run, never times. Wide enough for a noisy machine, narrow enough for a hot path that lost its way.

import { referenceOf, type Summary } from "./table.ts";

/** CPU per request, as a multiple of the better setting of Granian. */
const MOST: Readonly<Record<string, number>> = { hello: 2.6, flask: 2 };

/** A line for each ratio that is too high. */
export function tooSlow(summaries: readonly Summary[]): string[] {
  return Object.entries(MOST).flatMap(([workload, most]) => {
    const rows = summaries.filter((row) => row.workload === workload);
    const own = rows.find(({ server }) => server === "rickhouse")?.figures.cpuUsPerRequest;
    const ratio = (own ?? Number.NaN) / referenceOf(rows, "cpuUsPerRequest");
    if (ratio <= most) return [];
    return [`${workload}: ${ratio.toFixed(2)} times Granian's CPU per request, at most ${most}`];
  });
}
