// The option table -> the text of --help. Pure.

import {
  flagOf,
  type Group,
  type Option,
  type OptionName,
  OPTION_NAMES,
  OPTIONS,
} from "../config/options.ts";

const GROUPS: readonly (readonly [Group, string])[] = [
  ["network", "Network"],
  ["workers", "Workers"],
  ["times", "Times (500ms, 30s, 2m; a plain number is seconds)"],
  ["limits", "Limits (512, 64KiB, 10MB, 1GiB)"],
];

/** Where the second column starts. */
const LEFT_WIDTH = 35;

/** Ends in a line feed. */
export function helpText(): string {
  const lines = [
    "Usage: rickhouse [options] [path/to/]module[.sub][:callable]",
    "",
    "Serves a Python WSGI application. `callable` may be dotted, or a call like create_app();",
    "without it, `application`, then `app` is tried.",
  ];
  for (const [group, title] of GROUPS) {
    lines.push("", `${title}:`);
    for (const name of OPTION_NAMES) {
      if (OPTIONS[name].group === group) lines.push(...optionLines(name, OPTIONS[name]));
    }
  }
  lines.push(
    "",
    "  -h, --help                       this text",
    "  -V, --version                    the version",
    "",
    "Signals: TERM or INT finishes what runs and ends, twice ends at once; HUP reloads the application;",
    "USR1 reopens the access log; USR2 logs the workers' stacks; TTIN, TTOU: one worker more, one less.",
  );
  return `${lines.join("\n")}\n`;
}

function optionLines(name: OptionName, option: Option<unknown>): string[] {
  const short = option.short === undefined ? "    " : `-${option.short}, `;
  const { bare, placeholder } = option.kind;
  const left = `  ${short}${flagOf(name)}${bare === undefined ? ` ${placeholder}` : `[=${placeholder}]`}`;
  const right = `${option.help} [${defaultText(option)}]`;
  return left.length > LEFT_WIDTH - 2
    ? [left, " ".repeat(LEFT_WIDTH) + right]
    : [left.padEnd(LEFT_WIDTH) + right];
}

function defaultText(option: Option<unknown>): string {
  return "compute" in option ? option.computed : option.kind.describe(option.default);
}
