// The check of CI: ratios of a short run, never times. The best round of each server counts: whatever else the machine does makes a round
// dearer, never cheaper. Wide enough for that, narrow enough for a hot path that lost its way.

import { REFERENCE } from "./servers.ts";
import type { Round } from "./table.ts";

/** CPU per request, as a multiple of the better setting of Granian: about twice what it is on a machine that does nothing else. */
const MOST: Readonly<Record<string, number>> = { hello: 3, flask: 2.2 };

/** A line for each workload that costs too much, or of which nothing is known. */
export function tooSlow(rounds: readonly Round[]): string[] {
  return Object.entries(MOST).flatMap(([workload, most]) => {
    const own = leastCpu(rounds, workload, (server) => server === "rickhouse");
    const ratio = own / leastCpu(rounds, workload, (server) => server.startsWith(REFERENCE));
    if (ratio <= most) return [];
    if (!Number.isFinite(ratio)) return [`${workload}: no figures to compare`];
    return [`${workload}: ${ratio.toFixed(2)} times Granian's CPU per request, at most ${most}`];
  });
}

/** Infinity when none was measured. */
function leastCpu(
  rounds: readonly Round[],
  workload: string,
  isMeant: (server: string) => boolean,
): number {
  const meant = rounds.filter((row) => row.workload === workload && isMeant(row.server));
  return Math.min(...meant.flatMap(({ figures }) => figures.cpuUsPerRequest ?? []));
}
