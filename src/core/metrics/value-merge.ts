// The application's figures of many processes, as one: counters, histograms and summaries are summed, gauges by the mode that the application
// gave them (prometheus_client's multiprocess_mode). What a process that is gone has counted stays counted. Pure.

import type { Family, Sample } from "./exposition.ts";
import type { StoredValue } from "./value-file.ts";

const ILLEGAL_IN_NAME = /^[^a-zA-Z_:]|[^a-zA-Z0-9_:]/gu;
const ILLEGAL_IN_LABEL = /^[^a-zA-Z_]|[^a-zA-Z0-9_]/gu;

export type ValueType = "counter" | "gauge" | "histogram" | "summary";

/** What one process holds of one type and mode. */
export interface ProcessValues {
  readonly type: ValueType;
  /** Of gauges: all, sum, min, max, mostrecent, or one of them with `live` before it; empty otherwise. */
  readonly mode: string;
  readonly pid: number;
  readonly values: readonly StoredValue[];
}

/** What a key says. The help does not tell values apart: it may be another since a reload. */
interface Key {
  readonly id: string;
  readonly name: string;
  readonly sample: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly help: string;
}

interface Cell {
  readonly type: ValueType;
  readonly mode: string;
  readonly pid: number;
  key: Key;
  value: number;
  timestamp: number;
}

export class ValueMerge {
  readonly #gone = new Map<string, Cell>();

  /** This process has ended, and will not be told of again. Of gauges, only those that tell of all processes together outlive it. */
  keep(process: ProcessValues): void {
    const isOwn = process.mode === "all" || process.mode.startsWith("live");
    if (process.type !== "gauge" || !isOwn) add(this.#gone, process, new Map());
  }

  /** Everything, with what these processes hold now. */
  families(living: readonly ProcessValues[]): Family[] {
    const cells = new Map([...this.#gone].map(([id, cell]) => [id, { ...cell }]));
    const keys = new Map<string, Key | undefined>();
    for (const process of living) add(cells, process, keys);
    return familiesOf(withoutOldKinds(cells, living, keys));
  }
}

/** `keys`: those that were read before. */
function add(
  cells: Map<string, Cell>,
  { type, mode, pid, values }: ProcessValues,
  keys: Map<string, Key | undefined>,
): void {
  const isEach = mode === "all" || mode === "liveall";
  for (const { key: text, value, timestamp } of values) {
    if (!keys.has(text)) keys.set(text, parseKey(text));
    const key = keys.get(text);
    if (key === undefined) continue;
    const id = `${type} ${mode} ${isEach ? pid : ""} ${key.id}`;
    const cell = cells.get(id);
    if (cell === undefined) cells.set(id, { type, mode, pid, key, value, timestamp });
    else {
      combine(cell, value, timestamp);
      cell.key = key;
    }
  }
}

/** A reload may have made a gauge of a counter, or given a gauge another mode: then what is left of the old kind is not shown. */
function withoutOldKinds(
  cells: ReadonlyMap<string, Cell>,
  living: readonly ProcessValues[],
  keys: ReadonlyMap<string, Key | undefined>,
): Cell[] {
  const kinds = new Map<string, string>();
  // The newest of what is gone, unless somebody lives who tells.
  for (const { type, mode, key } of cells.values()) kinds.set(key.name, `${type} ${mode}`);
  for (const { type, mode, values } of living) {
    for (const { key } of values) kinds.set(keys.get(key)?.name ?? "", `${type} ${mode}`);
  }
  return [...cells.values()].filter(
    ({ type, mode, key }) => kinds.get(key.name) === `${type} ${mode}`,
  );
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
    const { name, help, sample, labels: own } = cell.key;
    const isEach = cell.mode === "all" || cell.mode === "liveall";
    const labels = isEach ? { ...own, pid: String(cell.pid) } : own;
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
    const id = JSON.stringify(sorted(rest));
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

function sorted(labels: Readonly<Record<string, string>>): readonly (readonly [string, string])[] {
  return Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1));
}

/** Undefined for what prometheus_client does not write. */
function parseKey(text: string): Key | undefined {
  const [bare, sampleName, given, help] = arrayOf(text);
  if (typeof bare !== "string" || typeof sampleName !== "string" || typeof help !== "string") {
    return undefined;
  }
  if (typeof given !== "object" || given === null) return undefined;
  // prometheus_client takes any name, this version of the text format does not: shown as the client's own writer does it.
  const labels: Record<string, string> = Object.fromEntries(
    Object.entries(given).map(([label, value]) => [
      label.replace(ILLEGAL_IN_LABEL, "_"),
      String(value),
    ]),
  );
  const name = bare.replace(ILLEGAL_IN_NAME, "_");
  const sample = sampleName.replace(ILLEGAL_IN_NAME, "_");
  return { id: JSON.stringify([name, sample, sorted(labels)]), name, sample, labels, help };
}

function arrayOf(text: string): readonly unknown[] {
  try {
    const parsed: unknown = JSON.parse(text);
    return Array.isArray(parsed) ? parsed : [];
  } catch {
    return [];
  }
}
