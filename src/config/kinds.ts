// How one kind of option value is read from text and shown again. Pure: knows no option, no file, no environment.
// A kind for addresses is in bind-address.ts.

import { nearest } from "./nearest.ts";

/** `parse` throws BadValue; `describe` writes what `parse` reads back as the same value. */
export interface Kind<T> {
  /** Stands for the value in the help text: `SIZE`, `N|MIN:MAX`. */
  readonly placeholder: string;
  /** A text that `parse` takes, for a hint where there is no default to show. */
  readonly example?: string;
  /** What the configuration file may hold for it; `parse` may be stricter. */
  readonly schema: ValueSchema;
  parse(text: string): T;
  describe(value: T): string;
  /** Present where a text may be a secret: the text without it, for an error that goes to a log. */
  conceal?(text: string): string;
  /** What the flag alone means, without a value behind it; then a value is only taken behind `=`. */
  readonly bare?: string;
  /** Present where an option may be given several times; elsewhere the last one counts. */
  combine?(values: readonly T[]): T;
  /** Present with `combine`: the text of each of the values. */
  describeEach?(value: T): readonly string[];
}

/** As JSON Schema has it (draft 7), with what the kinds need of it. */
export interface ValueSchema {
  readonly type?: "string" | "boolean" | "integer" | "number" | "array" | "object";
  readonly anyOf?: readonly ValueSchema[];
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly minLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly items?: ValueSchema;
  readonly additionalProperties?: ValueSchema;
}

const TEXT: ValueSchema = { type: "string", minLength: 1 };

/** A value that cannot be read. `message` is the reason, `hint` leads to the nearest right value. */
export class BadValue extends Error {
  readonly hint: string;

  constructor(reason: string, hint: string) {
    super(reason);
    this.name = "BadValue";
    this.hint = hint;
  }
}

export interface Range {
  readonly min?: number;
  readonly max?: number;
  /** Zero is allowed below `min` and means "off". */
  readonly zeroIsOff?: boolean;
}

/** A whole number. */
export function count(range: Range = {}): Kind<number> {
  return {
    placeholder: "N",
    schema: integerWithin(range),
    parse(text) {
      if (!/^\d{1,15}$/.test(text))
        throw new BadValue("not a whole number", `write it like ${range.min ?? 1}`);
      return bounded(Number(text), range, String);
    },
    describe: String,
  };
}

/** A minimum and a maximum of workers. */
export interface WorkerRange {
  readonly min: number;
  readonly max: number;
}

/** `N` (exactly N) or `MIN:MAX`. */
export function workerRange(range: Range): Kind<WorkerRange> {
  const one = count(range);
  return {
    placeholder: "N|MIN:MAX",
    example: "2:8",
    schema: { anyOf: [one.schema, { type: "string", pattern: "^[0-9]+(:[0-9]+)?$" }] },
    parse(text) {
      const colon = text.indexOf(":");
      if (colon < 0) {
        const exactly = one.parse(text);
        return { min: exactly, max: exactly };
      }
      const min = one.parse(text.slice(0, colon));
      const max = one.parse(text.slice(colon + 1));
      if (min > max)
        throw new BadValue("the minimum is above the maximum", `did you mean ${max}:${min}?`);
      return { min, max };
    },
    describe: ({ min, max }) => (min === max ? `${min}` : `${min}:${max}`),
  };
}

const DURATION = "^[0-9]+([.][0-9]+)?(ms|s|m|h|d|MS|S|M|H|D)?$";

const MS_PER_UNIT: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Longest time that one timer of Node can wait (2^31 - 1 ms), in whole days. */
const LONGEST_MS = 24 * 86_400_000;

/** Milliseconds, written `500ms`, `30s`, `2m`, `1h` or a plain number of seconds; fractions are allowed. */
export function duration(range: Range = {}): Kind<number> {
  return {
    placeholder: "TIME",
    schema: {
      anyOf: [
        { type: "number", minimum: 0 },
        { type: "string", pattern: DURATION },
      ],
    },
    parse(text) {
      const match = /^(\d{1,12}(?:\.\d{1,6})?)(ms|s|m|h|d)?$/i.exec(text);
      const unitMs = MS_PER_UNIT[(match?.[2] ?? "s").toLowerCase()];
      if (!match || unitMs === undefined) {
        throw new BadValue("not a duration", "write it like 30s, 500ms or 2m");
      }
      const givenMs = Number(match[1]) * unitMs;
      // A time that is not zero never becomes zero by rounding: zero may mean "off".
      const roundedMs = givenMs > 0 ? Math.max(1, Math.round(givenMs)) : 0;
      return bounded(roundedMs, { min: 1, max: LONGEST_MS, ...range }, describeDuration);
    },
    describe: describeDuration,
  };
}

function describeDuration(ms: number): string {
  if (ms === 0) return "0";
  for (const unit of ["d", "h", "m", "s"]) {
    const unitMs = MS_PER_UNIT[unit] ?? 1;
    // 60s and 90s read better than 1m and 1.5m: a unit is used from twice its size on.
    if (ms % unitMs === 0 && (ms >= 2 * unitMs || unit === "s")) return `${ms / unitMs}${unit}`;
  }
  return `${ms}ms`;
}

const SIZE = "^[0-9]+([.][0-9]+)?([kKmMgG]?[iI]?[bB]?)$";

const BYTES_PER_UNIT: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  k: 2 ** 10,
  kb: 1e3,
  kib: 2 ** 10,
  m: 2 ** 20,
  mb: 1e6,
  mib: 2 ** 20,
  g: 2 ** 30,
  gb: 1e9,
  gib: 2 ** 30,
};

/** Bytes, written `512`, `64KiB`, `1MB` (a million) or `10G` (as GiB). */
export function size(range: Range = {}): Kind<number> {
  return {
    placeholder: "SIZE",
    schema: {
      anyOf: [
        { type: "integer", minimum: 0 },
        { type: "string", pattern: SIZE },
      ],
    },
    parse(text) {
      const match = /^(\d{1,15}(?:\.\d{1,6})?)([a-z]{0,3})$/i.exec(text);
      const unit = BYTES_PER_UNIT[(match?.[2] ?? "").toLowerCase()];
      if (!match || unit === undefined) {
        throw new BadValue("not a size", "write it like 512, 64KiB, 10MB or 1GiB");
      }
      const bytes = Math.round(Number(match[1]) * unit);
      return bounded(bytes, { min: 1, max: Number.MAX_SAFE_INTEGER, ...range }, describeSize);
    },
    describe: describeSize,
  };
}

/** Bytes as the shortest exact text: `64KiB`, `1500B`, `0`. */
export function describeSize(bytes: number): string {
  if (bytes === 0) return "0";
  for (const [name, unit] of [
    ["GiB", 2 ** 30],
    ["MiB", 2 ** 20],
    ["KiB", 2 ** 10],
  ] as const) {
    if (bytes % unit === 0) return `${bytes / unit}${name}`;
  }
  return `${bytes}B`;
}

/** One of a few words. */
export function choice<const Word extends string>(...words: readonly Word[]): Kind<Word> {
  return {
    placeholder: words.join("|"),
    schema: { type: "string", enum: words },
    parse(text) {
      const found = words.find((word) => word === text);
      if (found !== undefined) return found;
      const close = nearest(text, words);
      throw new BadValue(
        "not a known word",
        close === undefined ? `write ${words.join(" or ")}` : `did you mean ${close}?`,
      );
    },
    describe: (word) => word,
  };
}

const TOGGLES: ReadonlyMap<string, boolean> = new Map([
  ["on", true],
  ["true", true],
  ["yes", true],
  ["1", true],
  ["off", false],
  ["false", false],
  ["no", false],
  ["0", false],
]);

/** On or off; the flag alone is on. */
export const toggle: Kind<boolean> = {
  placeholder: "on|off",
  schema: { anyOf: [{ type: "boolean" }, { type: "string", enum: ["on", "off"] }] },
  bare: "on",
  parse(text) {
    const found = TOGGLES.get(text.toLowerCase());
    if (found === undefined) throw new BadValue("not a known word", "write on or off");
    return found;
  },
  describe: (value) => (value ? "on" : "off"),
};

/** The permission bits of a file, written in octal: `660`, `0660` or `0o660`. */
export const fileMode: Kind<number> = {
  placeholder: "MODE",
  // No number: TOML reads 0o660 as 432, and that would be read as octal again.
  schema: { type: "string", pattern: "^(0o)?[0-7]{1,5}$" },
  parse(text) {
    const digits = /^(?:0o)?([0-7]{1,5})$/.exec(text)?.[1];
    if (digits === undefined) throw new BadValue("not octal", "write it like 0660");
    return bounded(Number.parseInt(digits, 8), { max: 0o777 }, describeFileMode);
  },
  describe: describeFileMode,
};

function describeFileMode(mode: number): string {
  return `0${mode.toString(8).padStart(3, "0")}`;
}

/** A path; what it must lead to is checked where it is used. */
export const path: Kind<string> = {
  placeholder: "PATH",
  schema: TEXT,
  parse(text) {
    if (text === "") throw new BadValue("empty", "write a path");
    return text;
  },
  describe: (value) => value,
};

/** Where log lines go. */
export type LogTarget =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "stdout" }
  | { readonly kind: "off" };

/** `FILE`, `-` (standard output) or `off`. */
export const logTarget: Kind<LogTarget> = {
  placeholder: "FILE|-|off",
  schema: TEXT,
  parse(text) {
    if (text === "") throw new BadValue("empty", "write a path, - for standard output, or off");
    if (text === "-") return { kind: "stdout" };
    if (text === "off") return { kind: "off" };
    return { kind: "file", path: text };
  },
  describe(target) {
    if (target.kind === "file") return target.path;
    return target.kind === "stdout" ? "-" : "off";
  },
};

/** The same kind, several times. */
export function listOf<T>(kind: Kind<T>): Kind<readonly T[]> {
  return {
    placeholder: kind.placeholder,
    ...(kind.example === undefined ? {} : { example: kind.example }),
    schema: { anyOf: [kind.schema, { type: "array", items: kind.schema }] },
    parse: (text) => [kind.parse(text)],
    describe: (values) => values.map((value) => kind.describe(value)).join(", "),
    combine: (values) => values.flat(),
    describeEach: (values) => values.map((value) => kind.describe(value)),
  };
}

function integerWithin({ min = 0, max, zeroIsOff = false }: Range): ValueSchema {
  const minimum = zeroIsOff ? 0 : min;
  return max === undefined
    ? { type: "integer", minimum }
    : { type: "integer", minimum, maximum: max };
}

function bounded(value: number, range: Range, describe: (value: number) => string): number {
  const { min = 0, max = Number.MAX_SAFE_INTEGER, zeroIsOff = false } = range;
  if (value === 0 && zeroIsOff) return value;
  if (value < min) throw new BadValue("too small", `the smallest is ${describe(min)}`);
  if (value > max) throw new BadValue("too large", `the largest is ${describe(max)}`);
  return value;
}
