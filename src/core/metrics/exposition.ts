// Families of figures -> the text format of Prometheus, version 0.0.4. Pure. Knows no figure by name.

import type { Histogram } from "./histogram.ts";

export const EXPOSITION_TYPE = "text/plain; version=0.0.4; charset=utf-8";

export type FamilyType = "counter" | "gauge" | "histogram" | "summary" | "untyped";

export interface Sample {
  /** Behind the family's name: `_bucket`, `_sum`; mostly empty. */
  readonly suffix?: string;
  readonly labels?: Labels;
  readonly value: number;
}

/** In the order in which they are to be shown. */
export type Labels = Readonly<Record<string, string | number>>;

export interface Family {
  readonly name: string;
  readonly type: FamilyType;
  readonly help: string;
  readonly samples: readonly Sample[];
}

/** Ends in a line feed. A family without samples is shown by its head: it is known, and nothing of it has happened. */
export function exposition(families: readonly Family[]): string {
  return families.map(familyText).join("");
}

function familyText({ name, type, help, samples }: Family): string {
  const head = `# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${type}\n`;
  return head + samples.map((sample) => sampleText(name, sample)).join("");
}

function sampleText(name: string, { suffix = "", labels = {}, value }: Sample): string {
  const pairs = Object.entries(labels).map(
    ([key, text]) => `${key}="${escapeLabel(String(text))}"`,
  );
  const braces = pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
  return `${name}${suffix}${braces} ${numberText(value)}\n`;
}

/** As Go's ParseFloat reads it. */
function numberText(value: number): string {
  if (value === Infinity) return "+Inf";
  return value === -Infinity ? "-Inf" : String(value);
}

function escapeHelp(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}

function escapeLabel(text: string): string {
  return escapeHelp(text).replaceAll('"', '\\"');
}

/** The samples of a histogram: what it counted is multiplied by `scale` to be in the unit of the family's name. */
export function histogramSamples(
  { bounds, counts, sum }: Histogram,
  scale: number,
): readonly Sample[] {
  let below = 0;
  const buckets = [...counts].map((count, index) => {
    below += count;
    const bound = bounds[index];
    // 2.5 / 1000 and the like: what is shown is the number that was meant.
    const le = bound === undefined ? "+Inf" : String(Number((bound * scale).toPrecision(12)));
    return { suffix: "_bucket", labels: { le }, value: below };
  });
  return [...buckets, { suffix: "_sum", value: sum * scale }, { suffix: "_count", value: below }];
}
