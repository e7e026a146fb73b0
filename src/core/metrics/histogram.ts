// A histogram with fixed buckets, counted in place: one comparison per bucket passed and two additions for each value, nothing allocated.
// Pure; knows nothing of how figures are shown.

/** Upper bounds in milliseconds for everything that takes time here: from a quick answer to the longest that time-outs let run. */
export const TIME_BOUNDS_MS: readonly number[] = [
  0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000, 120_000,
  300_000,
];

export class Histogram {
  /** Upper bounds, inclusive and ascending. */
  readonly bounds: Float64Array;
  /** How many values fell into each bucket alone; the last one is for those above all bounds. */
  readonly counts: Float64Array;
  /** One number, in an array so that adding to it allocates nothing. */
  readonly #sum = new Float64Array(1);

  constructor(bounds: readonly number[]) {
    this.bounds = Float64Array.from(bounds);
    this.counts = new Float64Array(bounds.length + 1);
  }

  /** Sum of all values. */
  get sum(): number {
    return this.#sum[0] ?? 0;
  }

  /** How many values there were. */
  get count(): number {
    let total = 0;
    for (const count of this.counts) total += count;
    return total;
  }

  observe(value: number): void {
    const { bounds, counts } = this;
    const sum = this.#sum;
    let bucket = 0;
    // Most values are small: a search from the left passes one or two bounds, where a binary one passes four.
    while (bucket < bounds.length && value > (bounds[bucket] ?? 0)) bucket++;
    counts[bucket] = (counts[bucket] ?? 0) + 1;
    sum[0] = (sum[0] ?? 0) + value;
  }
}
