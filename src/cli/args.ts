// argv -> what to do. Knows the option table and the commands' names and flags, not what values mean: the configuration reads those.

import type { RawValues } from "../config/layers.ts";
import { nearest } from "../config/nearest.ts";
import type { Option } from "../config/option.ts";
import { flagOf, mayStandIn, type OptionName, OPTION_NAMES, OPTIONS } from "../config/options.ts";
import { StartupError } from "../config/startup-error.ts";
import { type CommandFlag, commandOf, COMMANDS } from "./commands.ts";
import { foreignOption } from "../config/foreign-options.ts";

export type Arguments =
  /** `topic` is empty, `all`, or a command's name. */
  | { readonly kind: "help"; readonly topic: string }
  | { readonly kind: "version" }
  | {
      readonly kind: "command";
      readonly command: string;
      readonly words: readonly string[];
      readonly raw: RawValues;
      readonly flags: ReadonlyMap<string, string>;
    };

type Target = { readonly option: OptionName } | { readonly own: string } | "help" | "version";

const GLOBAL: readonly (readonly [string, Target])[] = [
  ["--help", "help"],
  ["-h", "help"],
  ["--version", "version"],
  ["-V", "version"],
  ...OPTION_NAMES.filter((name) => mayStandIn(name, "flag")).flatMap((name) =>
    flagsOf(flagOf(name), OPTIONS[name].short).map((flag) => [flag, { option: name }] as const),
  ),
];

function flagsOf(flag: string, short: string | undefined): readonly string[] {
  return short === undefined ? [flag] : [flag, `-${short}`];
}

/** What stands in argv, in the order in which it is met. */
class Parsing {
  readonly rest: string[];
  readonly raw = new Map<OptionName, string[]>();
  readonly flags = new Map<string, string>();
  readonly words: string[] = [];
  readonly targets = new Map<string, Target>(GLOBAL);
  command: string | undefined;

  constructor(argv: readonly string[]) {
    this.rest = [...argv];
  }

  /** The first word may be a command; from there on its flags are known. */
  takeWord(word: string): void {
    const command = this.words.length === 0 && this.command === undefined && commandOf(word);
    if (!command) {
      this.words.push(word);
      return;
    }
    this.command = word;
    for (const [name, { short }] of Object.entries(command.flags ?? {})) {
      for (const flag of flagsOf(`--${name}`, short)) this.targets.set(flag, { own: name });
    }
  }
}

/**
 * Options may stand before and after command and application: `--name value`, `--name=value`, `-n value`, `-nvalue`; `--` ends them.
 * --help and --version win over everything behind them. Throws StartupError.
 */
export function parseArguments(argv: readonly string[]): Arguments {
  const parsing = new Parsing(argv);
  const { rest, words } = parsing;
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === "--") {
      words.push(...rest);
      break;
    }
    if (word === "help" && parsing.command === undefined && words.length === 0)
      return { kind: "help", topic: helpTopic(rest[0]) };
    if (!isFlag(word)) parsing.takeWord(word);
    else {
      const ending = takeFlag(word, parsing);
      if (ending !== undefined) return ending;
    }
  }
  const { command = "serve", raw, flags } = parsing;
  return { kind: "command", command, words, raw, flags };
}

function isFlag(word: string): boolean {
  return word.length > 1 && word.startsWith("-");
}

/** Puts a flag and its value where they belong; what --help and --version say ends the parsing. */
function takeFlag(word: string, parsing: Parsing): Arguments | undefined {
  const { flag, target, value } = splitFlag(word, parsing.targets);
  if (target === "help" || target === "version") {
    if (value !== undefined) throw new StartupError("unexpected-value", { option: flag });
    if (target === "version") return { kind: "version" };
    return { kind: "help", topic: parsing.command ?? helpTopic(parsing.rest[0]) };
  }
  if ("own" in target) {
    takeOwnFlag(flag, target.own, value, parsing);
    return undefined;
  }
  const { placeholder, bare }: Option<unknown>["kind"] = OPTIONS[target.option].kind;
  const texts = parsing.raw.get(target.option) ?? [];
  texts.push(value ?? bare ?? takeValue(flag, placeholder, parsing));
  parsing.raw.set(target.option, texts);
  return undefined;
}

function helpTopic(next: string | undefined): string {
  return next !== undefined && (next === "all" || Object.hasOwn(COMMANDS, next)) ? next : "";
}

function takeOwnFlag(
  flag: string,
  name: string,
  value: string | undefined,
  parsing: Parsing,
): void {
  const own: CommandFlag | undefined = commandOf(parsing.command ?? "")?.flags?.[name];
  if (own?.placeholder !== undefined)
    parsing.flags.set(name, value ?? takeValue(flag, own.placeholder, parsing));
  else if (value !== undefined) throw new StartupError("unexpected-value", { option: flag });
  else parsing.flags.set(name, "");
}

interface Flag {
  readonly flag: string;
  readonly target: Target;
  readonly value: string | undefined;
}

function splitFlag(word: string, targets: ReadonlyMap<string, Target>): Flag {
  const equals = word.indexOf("=");
  const name = equals < 0 ? word : word.slice(0, equals);
  if (!word.startsWith("--")) return splitShort(word, name, targets);
  const target = targets.get(name);
  if (target === undefined) throw unknownOption(name, nearest(name, targets.keys()));
  return { flag: name, target, value: equals < 0 ? undefined : word.slice(equals + 1) };
}

function splitShort(word: string, name: string, targets: ReadonlyMap<string, Target>): Flag {
  // `-workers 4` is a slip of the finger, not the value `orkers`.
  if (targets.has(`-${name}`)) throw unknownOption(name, `-${name}`);
  const flag = word.slice(0, 2);
  const target = targets.get(flag);
  if (target === undefined) {
    const close = nearest(`-${name}`, targets.keys());
    const isWord = foreignOption(flag) === undefined || (close !== undefined && name.length > 2);
    throw unknownOption(isWord ? name : flag, close);
  }
  return { flag, target, value: shortValue(word) };
}

/** What another server calls so is known better than a name that only looks alike. */
function unknownOption(option: string, close: string | undefined): StartupError {
  const otherwise =
    close === undefined ? "rickhouse --help all lists all" : `did you mean ${close}?`;
  return new StartupError("unknown-option", { option, hint: foreignOption(option) ?? otherwise });
}

/** `-w4` and `-w=4` both say 4. */
function shortValue(word: string): string | undefined {
  if (word.length === 2) return undefined;
  return word.slice(word[2] === "=" ? 3 : 2);
}

/** A value may start with a dash (`-`, `-1`), but a known flag there means that the value was forgotten. */
function takeValue(flag: string, placeholder: string, { rest, targets }: Parsing): string {
  const value = rest.shift();
  if (value === undefined || value.startsWith("--") || targets.has(value))
    throw new StartupError("missing-value", { option: flag, placeholder });
  return value;
}

/** The application among the words of a command line; throws where there are two. */
export function onlyWord(words: readonly string[]): string | undefined {
  const [first, second] = words;
  if (first === undefined || second === undefined) return first;
  const command = nearest(first, Object.keys(COMMANDS));
  const guess = command === undefined ? "" : `; ${command} is a command`;
  throw new StartupError("second-application", { first, second, guess });
}
