// `rickhouse config`: every option's value as the server would use it, and where it comes from. The text is a configuration file itself.

import { type Layer, type Origin, describePlace } from "../../config/layers.ts";
import { loadConfigAlone, type Named } from "../../config/load.ts";
import type { Option } from "../../config/option.ts";
import {
  type Config,
  keyOf,
  mayStandIn,
  type OptionName,
  OPTION_NAMES,
  OPTIONS,
} from "../../config/options.ts";
import { isGiven } from "../../config/resolve.ts";
import { tomlOf, tomlString } from "../../config/toml-text.ts";
import { onlyWord } from "../args.ts";
import type { CommandCall } from "../commands.ts";

export async function configCommand(call: CommandCall): Promise<number> {
  const loaded = loadConfigAlone({ ...call, application: onlyWord(call.words) });
  for (const warning of loaded.warnings) process.stderr.write(`rickhouse: ${warning}\n`);
  const rows = rowsOf(loaded);
  process.stdout.write(call.flags.has("json") ? jsonOf(rows) : textOf(rows));
  return Promise.resolve(0);
}

interface Row {
  readonly key: string;
  /** As the configuration file has it. */
  readonly toml: string;
  readonly source: string;
  /** False for what may not stand in a file: it is shown as a comment. */
  readonly isOfFile: boolean;
}

function rowsOf(loaded: { config: Config; given: Layer; named: Named | undefined }): Row[] {
  const { config, given, named } = loaded;
  const options = OPTION_NAMES.map((name) => ({
    key: keyOf(name),
    toml: tomlOf<unknown>(OPTIONS[name].kind as Option<unknown>["kind"], config[name]),
    source: sourceOf(name, given),
    isOfFile: mayStandIn(name, "file"),
  }));
  if (named === undefined) return options;
  const source = named.origin === undefined ? "argument" : describeSource(named.origin);
  return [{ key: "application", toml: tomlString(named.text), source, isOfFile: true }, ...options];
}

function sourceOf(name: OptionName, given: Layer): string {
  const origin = given.get(name)?.origin;
  if (origin !== undefined && isGiven(name, given)) return describeSource(origin);
  const option: Option<unknown> = OPTIONS[name];
  return "compute" in option ? `computed: ${option.computed}` : "default";
}

function describeSource(origin: Origin): string {
  switch (origin.kind) {
    case "flag":
      return origin.flag;
    case "variable":
      return origin.variable;
    case "file":
      return describePlace(origin);
  }
}

function textOf(rows: readonly Row[]): string {
  const lines = rows.map(({ key, toml, isOfFile }) => `${isOfFile ? "" : "# "}${key} = ${toml}`);
  const width = Math.min(48, Math.max(...lines.map((line) => line.length)));
  return rows.map(({ source }, index) => `${lines[index]?.padEnd(width)}  # ${source}\n`).join("");
}

function jsonOf(rows: readonly Row[]): string {
  const entries = rows.map(({ key, toml, source }) => [
    key,
    // TOML's numbers, strings and lists of strings are JSON's too.
    { value: JSON.parse(toml) as unknown, source },
  ]);
  return `${JSON.stringify(Object.fromEntries(entries), null, 2)}\n`;
}
