// What of its requests a second a server keeps beside what holds connections or workers. Knows no servers and no loads.

import type { Figures } from "./table.ts";

/**
 * The figures of a load beside what `hold` starts, and how much of its requests/s it keeps there: of the mean of the same load just before and
 * just after. A machine that gets slower or faster meanwhile changes both alike. `hold` resolves to what ends it, `calmDown` when the server is
 * rid of it. Where nobody was answered, nothing is kept whatever comes after: that is not waited for.
 */
export async function besideOthers(
  measure: () => Promise<Figures>,
  hold: () => Promise<() => Promise<void>>,
  calmDown: () => Promise<void>,
): Promise<Figures> {
  const before = await measure();
  const letGo = await hold();
  const beside = await measure().finally(letGo);
  if (isSilent(before)) return beside; // There is nothing to keep.
  if (isSilent(beside)) return { ...beside, keptPercent: 0 };
  await calmDown();
  const after = await measure();
  if (isSilent(after)) return beside;
  const alone = (rateOf(before) + rateOf(after)) / 2;
  return { ...beside, keptPercent: (100 * rateOf(beside)) / alone };
}

function rateOf({ requestsPerSecond = 0 }: Figures): number {
  return requestsPerSecond;
}

function isSilent(figures: Figures): boolean {
  return rateOf(figures) === 0;
}
