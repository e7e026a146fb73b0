// What of its requests a second a server keeps beside what holds connections or workers. Knows no servers and no loads.

import type { Figures } from "./table.ts";

/**
 * The figures of a load beside what `hold` starts, and how much of its requests/s it keeps there: of the mean of the same load just before and
 * just after. A machine that gets slower or faster meanwhile changes both alike. `hold` resolves to what ends it.
 */
export async function besideOthers(
  measure: () => Promise<Figures>,
  hold: () => Promise<() => Promise<void>>,
): Promise<Figures> {
  const before = await measure();
  const letGo = await hold();
  const beside = await measure().finally(letGo);
  const after = await measure();
  return { ...beside, ...keptOf(beside, [before, after]) };
}

/** Nothing where the server answered nobody before or after: then there is nothing to keep. */
function keptOf(
  { requestsPerSecond = 0 }: Figures,
  alone: readonly [Figures, Figures],
): Pick<Figures, "keptPercent"> {
  const [before = 0, after = 0] = alone.map((figures) => figures.requestsPerSecond);
  if (before === 0 || after === 0) return {};
  return { keptPercent: (100 * requestsPerSecond) / ((before + after) / 2) };
}
