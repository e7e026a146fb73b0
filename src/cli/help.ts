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

/** Where the second column starts. */
const LEFT_WIDTH = 35;

const LAST_LINES = [
  "  -h, --help [all|COMMAND]         this text; all: every option",
  "  -V, --version                    the version",
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
    ...LAST_LINES,
    "",
    "Commands:",
    ...commandLines(),
    "",
    'Options also stand in rickhouse.toml (max-body = "1GiB") and in RICKHOUSE_MAX_BODY and the like.',
  ];
}

function allLines(): readonly string[] {
  const lines = [
    "Usage: rickhouse [options] [path/to/]module[.sub][:callable]",
    "       rickhouse COMMAND [options]",
    "",
    "Serves a Python WSGI application. `callable` may be dotted, or a call like create_app();",
    "without it, `application`, then `app` is tried.",
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
    ...LAST_LINES,
    "",
    "An option counts from the first of these that has it: command line, RICKHOUSE_OPTION_NAME in the",
    "environment (also PORT and WEB_CONCURRENCY), rickhouse.toml (option-name = value), default.",
    "",
    "Signals: TERM or INT finishes what runs and ends, twice ends at once; HUP reloads application and",
    "configuration; USR1 reopens the access log; USR2 logs the workers' stacks; TTIN, TTOU: one worker",
    "more, one less.",
  ];
}

function commandLines(): readonly string[] {
  return Object.entries(COMMANDS).map(([name, { help }]) => `  ${name.padEnd(14)} ${help}`);
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
  return left.length > LEFT_WIDTH - 2
    ? [left, " ".repeat(LEFT_WIDTH) + right]
    : [left.padEnd(LEFT_WIDTH) + right];
}

function defaultText(option: Option<unknown>): string {
  return "compute" in option ? option.computed : option.kind.describe(option.default);
}
