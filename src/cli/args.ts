// argv -> raw texts of the options and the application's name. Pure; knows how options are written, not what their values mean.

import { flagOf, type OptionName, OPTION_NAMES, OPTIONS } from "../config/options.ts";
import { nearest } from "../config/nearest.ts";
import type { RawValues } from "../config/resolve.ts";
import { StartupError } from "../config/startup-error.ts";

export type Command =
  | { readonly kind: "help" }
  | { readonly kind: "version" }
  | { readonly kind: "serve"; readonly application: string; readonly raw: RawValues };

type Target = OptionName | "help" | "version";

const TARGETS: ReadonlyMap<string, Target> = new Map<string, Target>([
  ["--help", "help"],
  ["-h", "help"],
  ["--version", "version"],
  ["-V", "version"],
  ...OPTION_NAMES.map((name) => [flagOf(name), name] as const),
  ...OPTION_NAMES.flatMap((name) => shortFlags(name).map((flag) => [flag, name] as const)),
]);

function shortFlags(name: OptionName): readonly string[] {
  const { short } = OPTIONS[name];
  return short === undefined ? [] : [`-${short}`];
}

/**
 * Options may stand before and after the application: `--name value`, `--name=value`, `-n value`, `-nvalue`; `--` ends them.
 * --help and --version win over everything behind them. Throws StartupError.
 */
export function parseArguments(argv: readonly string[]): Command {
  const raw = new Map<OptionName, string[]>();
  const applications: string[] = [];
  const rest = [...argv];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === "--") {
      applications.push(...rest);
      break;
    }
    if (!isFlag(word)) {
      applications.push(word);
      continue;
    }
    const { flag, target, value } = splitFlag(word);
    if (target === "help" || target === "version") {
      if (value !== undefined) throw new StartupError("unexpected-value", { option: flag });
      return { kind: target };
    }
    const texts = raw.get(target) ?? [];
    texts.push(value ?? OPTIONS[target].kind.bare ?? takeValue(flag, target, rest));
    raw.set(target, texts);
  }
  return { kind: "serve", application: theOnly(applications), raw };
}

function isFlag(word: string): boolean {
  return word.length > 1 && word.startsWith("-");
}

interface Flag {
  readonly flag: string;
  readonly target: Target;
  readonly value: string | undefined;
}

function splitFlag(word: string): Flag {
  const equals = word.indexOf("=");
  const name = equals < 0 ? word : word.slice(0, equals);
  if (!word.startsWith("--")) return splitShort(word, name);
  const target = TARGETS.get(name);
  if (target === undefined) throw unknownOption(name, nearest(name, TARGETS.keys()));
  return { flag: name, target, value: equals < 0 ? undefined : word.slice(equals + 1) };
}

function splitShort(word: string, name: string): Flag {
  // `-workers 4` is a slip of the finger, not the value `orkers`.
  if (TARGETS.has(`-${name}`)) throw unknownOption(name, `-${name}`);
  const flag = word.slice(0, 2);
  const target = TARGETS.get(flag);
  if (target === undefined) throw unknownOption(name, nearest(`-${name}`, TARGETS.keys()));
  return { flag, target, value: shortValue(word) };
}

function unknownOption(option: string, close: string | undefined): StartupError {
  const hint = close === undefined ? "rickhouse --help lists all" : `did you mean ${close}?`;
  return new StartupError("unknown-option", { option, hint });
}

/** `-w4` and `-w=4` both say 4. */
function shortValue(word: string): string | undefined {
  if (word.length === 2) return undefined;
  return word.slice(word[2] === "=" ? 3 : 2);
}

/** A value may start with a dash (`-`, `-1`), but a known flag there means that the value was forgotten. */
function takeValue(flag: string, name: OptionName, rest: string[]): string {
  const value = rest.shift();
  if (value === undefined || value.startsWith("--") || TARGETS.has(value)) {
    throw new StartupError("missing-value", {
      option: flag,
      placeholder: OPTIONS[name].kind.placeholder,
    });
  }
  return value;
}

function theOnly(applications: readonly string[]): string {
  const [first, second] = applications;
  if (first === undefined) throw new StartupError("no-application", {});
  if (second !== undefined) throw new StartupError("second-application", { first, second });
  return first;
}
