// What a server takes at one moment of a soak, and whether that grew from the first third of it to the last.

import { spoolFiles } from "./answers-app.ts";
import { openDescriptors, residentKiBIfAlive } from "./processes.ts";
import type { ServerUnderTest } from "./server.ts";

export interface Sample {
  readonly seconds: number;
  readonly frontMib: number;
  /** Of the newest generation. */
  readonly zygoteMib: number;
  /** One on the average. */
  readonly workerMib: number;
  /** Of the front. */
  readonly descriptors: number;
  readonly processes: number;
  /** Bodies and answers. */
  readonly files: number;
}

/** By how much the median of the last third may be above that of the first: what a reload or an abort in that moment costs. */
const SLACK = {
  // What V8 has not given back yet.
  frontMib: 24,
  zygoteMib: 4,
  workerMib: 4,
  descriptors: 12,
  processes: 3,
  files: 12,
} as const satisfies Partial<Record<keyof Sample, number>>;

export type Measure = keyof typeof SLACK;
export const MEASURES: readonly Measure[] = [
  "frontMib",
  "zygoteMib",
  "workerMib",
  "descriptors",
  "processes",
  "files",
];

export function takeSample(server: ServerUnderTest, ms: number): Sample {
  const { zygotes, workers } = server;
  const workerKiB = workers.map(residentKiBIfAlive).filter((kib) => kib > 0);
  return {
    seconds: Math.round(ms / 1000),
    frontMib: mib(residentKiBIfAlive(server.pid)),
    zygoteMib: mib(residentKiBIfAlive(zygotes.at(-1) ?? 0)),
    workerMib: mib(workerKiB.reduce((sum, kib) => sum + kib, 0) / Math.max(1, workerKiB.length)),
    descriptors: openDescriptors(server.pid),
    processes: 1 + zygotes.length + workers.length,
    files: spoolFiles(server).length,
  };
}

function mib(kib: number): number {
  return Math.round(kib / 102.4) / 10;
}

/** The medians of the first and of the last third. */
export function thirdsOf(
  samples: readonly Sample[],
  measure: Measure,
): { readonly first: number; readonly last: number } {
  const length = Math.max(1, Math.floor(samples.length / 3));
  return {
    first: medianOf(samples.slice(0, length), measure),
    last: medianOf(samples.slice(-length), measure),
  };
}

function medianOf(samples: readonly Sample[], measure: Measure): number {
  const values = samples.map((sample) => sample[measure]).toSorted((one, two) => one - two);
  return values[values.length >> 1] ?? 0;
}

/** A line for everything that is not flat. */
export function grown(samples: readonly Sample[]): string[] {
  return MEASURES.flatMap((measure) => {
    const { first, last } = thirdsOf(samples, measure);
    return last - first <= SLACK[measure] ? [] : [`${measure} grew from ${first} to ${last}`];
  });
}
