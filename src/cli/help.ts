// The option table and the table of commands -> the text of --help: one screen, `--help all`, or one command. Pure.

import type { Group, Option } from "../config/option.ts";
import { flagOf, mayStandIn, type OptionName, OPTION_NAMES, OPTIONS } from "../config/options.ts";
import { type CommandFlag, COMMANDS } from "./commands.ts";

export const GROUPS: readonly (readonly [Group, string])[] = [
  ["server", "Server"],
  ["network", "Network"],
  ["logs", "Logs"],
  ["workers", "Workers"],
  ["times", "Times (500ms, 30s, 2m; a plain number is seconds)"],
  ["limits", "Limits (512, 64KiB, 10MB, 1GiB)"],
  ["development", "Development"],
];

/** What most people need, in this order; `--help all` has the rest. */
const MOST_USED: readonly OptionName[] = [
  "bind",
  "workers",
  "threads",
  "python",
  "config",
  "requestTimeoutMs",
  "maxBodyBytes",
  "accessLog",
];

/** Those that steer a server that runs: one line of the screen. */
const STEERING = ["status", "reload", "scale", "stacks", "log-level", "stop"];

const COLUMNS = 80;
/** Where the second column starts. */
const LEFT_WIDTH = 31;
/** The least that is left of a line behind a long first column; otherwise the second begins below it. */
const LEAST_RIGHT = 24;

const LAST_OPTIONS = [
  ...twoColumns("  -h, --help [all|COMMAND]", "this text; all: every option"),
  ...twoColumns("  -V, --version", "the version"),
];

/** `topic` is empty, `all`, or the name of a command. Ends in a line feed. */
export function helpText(topic: string = ""): string {
  const command = COMMANDS[topic];
  if (command !== undefined && topic !== "serve") return commandHelp(topic, command);
  return `${(topic === "all" ? allLines() : screenLines()).join("\n")}\n`;
}

function screenLines(): readonly string[] {
  return [
    "Usage: rickhouse [options] [path/to/]module[.sub][:callable]",
    "       rickhouse COMMAND [options]",
    "",
    ...MOST_USED.flatMap((name) => optionLines(name, OPTIONS[name])),
    ...LAST_OPTIONS,
    "",
    "Commands:",
    ...commandLines(isOfTheScreen),
    `  ${STEERING.join(", ")}: a running server`,
    "",
    'Also in rickhouse.toml (max-body = "1GiB") and as RICKHOUSE_MAX_BODY.',
  ];
}

function allLines(): readonly string[] {
  const lines = [
    "Usage: rickhouse [options] [path/to/]module[.sub][:callable]",
    "       rickhouse COMMAND [options]",
    "",
    ...wrap(
      "Serves a Python WSGI application. `callable` may be dotted, or a call like create_app(); without it, `application`, then `app` is tried.",
    ),
    "",
    "Commands (a module of the same name is served as name:callable):",
    ...commandLines(),
  ];
  for (const [group, title] of GROUPS) {
    lines.push("", `${title}:`);
    for (const name of OPTION_NAMES) {
      if (OPTIONS[name].group === group && mayStandIn(name, "flag"))
        lines.push(...optionLines(name, OPTIONS[name]));
    }
  }
  return [
    ...lines,
    "",
    ...LAST_OPTIONS,
    "",
    ...wrap(
      "An option counts from the first of these that has it: command line, RICKHOUSE_OPTION_NAME in the environment (also PORT and WEB_CONCURRENCY), rickhouse.toml (option-name = value), default.",
    ),
    "",
    ...wrap(
      "Signals: TERM or INT finishes what runs and ends, twice ends at once; HUP reloads application and configuration; USR1 opens log files again; USR2 logs the workers' stacks; TTIN, TTOU: one worker more, one less.",
    ),
  ];
}

/** Which have a line of their own there: serve needs no word, and those that steer share one. */
function isOfTheScreen(command: string): boolean {
  return command !== "serve" && !STEERING.includes(command);
}

function commandLines(isShown: (command: string) => boolean = () => true): readonly string[] {
  return Object.entries(COMMANDS)
    .filter(([name]) => isShown(name))
    .flatMap(([name, { help }]) => hangingLines(`  ${name.padEnd(14)} `, help, 17));
}

function commandHelp(name: string, command: (typeof COMMANDS)[string]): string {
  const flags = Object.entries(command.flags ?? {}).map(([flag, own]) => ownFlagLine(flag, own));
  const lines = [
    `Usage: rickhouse ${name} ${command.usage}`.trimEnd(),
    "",
    `${command.help.slice(0, 1).toUpperCase()}${command.help.slice(1)}.`,
    ...(flags.length > 0 ? ["", ...flags] : []),
  ];
  if (command.usage.includes("[options]")) lines.push("", "Options: rickhouse --help all");
  return `${lines.join("\n")}\n`;
}

function ownFlagLine(name: string, { short, placeholder = "", help }: CommandFlag): string {
  return twoColumns(leftOf(short, `--${name}`, placeholder), help).join("\n");
}

function optionLines(name: OptionName, option: Option<unknown>): readonly string[] {
  const { bare, placeholder } = option.kind;
  const left =
    bare === undefined
      ? leftOf(option.short, flagOf(name), placeholder)
      : leftOf(option.short, `${flagOf(name)}[=${placeholder}]`, "");
  return twoColumns(left, `${option.help} [${defaultText(option)}]`);
}

function leftOf(short: string | undefined, flag: string, placeholder: string): string {
  return `  ${short === undefined ? "    " : `-${short}, `}${flag} ${placeholder}`.trimEnd();
}

function twoColumns(left: string, right: string): readonly string[] {
  if (left.length + 2 <= LEFT_WIDTH)
    return hangingLines(left.padEnd(LEFT_WIDTH), right, LEFT_WIDTH);
  if (left.length + 2 + LEAST_RIGHT <= COLUMNS) return hangingLines(`${left}  `, right, LEFT_WIDTH);
  return [left, ...hangingLines(" ".repeat(LEFT_WIDTH), right, LEFT_WIDTH)];
}

/** `first` and behind it `text`, which goes on below at the column `indent` where the line is full. */
function hangingLines(first: string, text: string, indent: number): readonly string[] {
  const lines: string[] = [];
  let line = first;
  let isEmpty = true;
  for (const word of text.split(" ")) {
    if (!isEmpty && line.length + 1 + word.length > COLUMNS) {
      lines.push(line);
      line = " ".repeat(indent);
      isEmpty = true;
    }
    line += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  return [...lines, line];
}

function wrap(text: string): readonly string[] {
  return hangingLines("", text, 0);
}

function defaultText(option: Option<unknown>): string {
  return "compute" in option ? option.computed : option.kind.describe(option.default);
}
