// The application's figures of many processes, as one: counters, histograms and summaries are summed, gauges by the mode that the application
// gave them (prometheus_client's multiprocess_mode). What a process that is gone has counted stays counted. Pure.

import type { Family, Sample } from "./exposition.ts";
import type { StoredValue } from "./value-file.ts";

export type ValueType = "counter" | "gauge" | "histogram" | "summary";

/** What one process holds of one type and mode. */
export interface ProcessValues {
  readonly type: ValueType;
  /** Of gauges: all, sum, min, max, mostrecent, or one of them with `live` before it; empty otherwise. */
  readonly mode: string;
  readonly pid: number;
  readonly values: readonly StoredValue[];
}

interface Cell {
  readonly type: ValueType;
  readonly mode: string;
  readonly pid: number;
  readonly key: string;
  value: number;
  timestamp: number;
}

export class ValueMerge {
  readonly #gone = new Map<string, Cell>();

  /** This process has ended, and will not be told of again. Of gauges, only those that tell of all processes together outlive it. */
  keep(process: ProcessValues): void {
    const isOwn = process.mode === "all" || process.mode.startsWith("live");
    if (process.type !== "gauge" || !isOwn) add(this.#gone, process);
  }

  /** Everything, with what these processes hold now. */
  families(living: readonly ProcessValues[]): Family[] {
    const cells = new Map([...this.#gone].map(([id, cell]) => [id, { ...cell }]));
    for (const process of living) add(cells, process);
    return familiesOf([...cells.values()]);
  }
}

function add(cells: Map<string, Cell>, { type, mode, pid, values }: ProcessValues): void {
  const isEach = mode === "all" || mode === "liveall";
  for (const { key, value, timestamp } of values) {
    const id = `${type} ${mode} ${isEach ? pid : ""} ${key}`;
    const cell = cells.get(id);
    if (cell === undefined) cells.set(id, { type, mode, pid, key, value, timestamp });
    else combine(cell, value, timestamp);
  }
}

function combine(cell: Cell, value: number, timestamp: number): void {
  switch (cell.mode.replace(/^live/, "")) {
    case "min":
      cell.value = Math.min(cell.value, value);
      return;
    case "max":
      cell.value = Math.max(cell.value, value);
      return;
    case "mostrecent":
      if (timestamp <= cell.timestamp) return;
      cell.value = value;
      cell.timestamp = timestamp;
      return;
    case "all":
      cell.value = value;
      return;
    default:
      cell.value += value;
  }
}

interface Named {
  readonly cell: Cell;
  readonly sample: string;
  readonly labels: Readonly<Record<string, string>>;
}

function familiesOf(cells: readonly Cell[]): Family[] {
  const families = new Map<string, { type: ValueType; help: string; named: Named[] }>();
  for (const cell of cells) {
    const key = parseKey(cell.key);
    if (key === undefined) continue;
    const { name, help, sample } = key;
    const isEach = cell.mode === "all" || cell.mode === "liveall";
    const labels = isEach ? { ...key.labels, pid: String(cell.pid) } : key.labels;
    const family = families.get(name) ?? { type: cell.type, help, named: [] };
    family.named.push({ cell, sample, labels });
    families.set(name, family);
  }
  return [...families]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, family]) => familyOf(name, family));
}

/** The text format wants a counter's family to be called as its samples are. */
function familyOf(
  bare: string,
  { type, help, named }: { type: ValueType; help: string; named: Named[] },
): Family {
  const name = type === "counter" ? `${bare}_total` : bare;
  const samples = type === "histogram" ? histogramSamples(bare, named) : plainSamples(name, named);
  return { name, type, help, samples };
}

function plainSamples(name: string, named: readonly Named[]): Sample[] {
  return named.map(({ cell, sample, labels }) => ({
    suffix: sample.startsWith(name) ? sample.slice(name.length) : "",
    labels,
    value: cell.value,
  }));
}

/** Each bucket is stored alone, and the count not at all. */
function histogramSamples(name: string, named: readonly Named[]): Sample[] {
  const series = new Map<
    string,
    { labels: Named["labels"]; buckets: [string, number][]; sum: number }
  >();
  for (const { cell, sample, labels } of named) {
    const { le, ...rest } = labels;
    const id = JSON.stringify(Object.entries(rest).toSorted(([a], [b]) => (a < b ? -1 : 1)));
    const one = series.get(id) ?? { labels: rest, buckets: [], sum: 0 };
    if (le !== undefined) one.buckets.push([le, cell.value]);
    else if (sample === `${name}_sum`) one.sum = cell.value;
    series.set(id, one);
  }
  return [...series.values()].flatMap(({ labels, buckets, sum }) => {
    let below = 0;
    const shown = buckets
      .toSorted(([a], [b]) => boundOf(a) - boundOf(b))
      .map(([le, value]) => {
        below += value;
        return { suffix: "_bucket", labels: { ...labels, le }, value: below };
      });
    return [
      ...shown,
      { suffix: "_sum", labels, value: sum },
      { suffix: "_count", labels, value: below },
    ];
  });
}

function boundOf(le: string): number {
  // The difference of two infinities would be no number; there is one such bucket in a series.
  return le === "+Inf" ? Number.MAX_VALUE : Number(le);
}

function parseKey(
  key: string,
): { name: string; sample: string; labels: Record<string, string>; help: string } | undefined {
  const parsed: unknown = JSON.parse(key);
  if (!Array.isArray(parsed)) return undefined;
  const [name, sample, labels, help]: unknown[] = parsed;
  if (typeof name !== "string" || typeof sample !== "string" || typeof help !== "string") {
    return undefined;
  }
  if (typeof labels !== "object" || labels === null) return undefined;
  const texts = Object.entries(labels).map(([label, value]) => [label, String(value)] as const);
  return { name, sample, labels: Object.fromEntries(texts), help };
}
