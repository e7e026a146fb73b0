// What a reload changes: the running configuration against the one that was read again. Pure.

import { isDeepStrictEqual } from "node:util";
import type { Option } from "./option.ts";
import { type Config, keyOf, type OptionName, OPTION_NAMES, OPTIONS } from "./options.ts";

export interface ConfigChanges {
  /** New values of options that a reload may change; nothing else. */
  readonly values: Partial<Config>;
  /** One phrase each: `request-timeout 30s -> 2m`. */
  readonly applied: readonly string[];
  /** Keys of options that differ, and wait for a restart. */
  readonly waiting: readonly string[];
}

export function changesBetween(running: Config, next: Config): ConfigChanges {
  const changed = OPTION_NAMES.filter((name) => !isDeepStrictEqual(running[name], next[name]));
  const applied = changed.filter((name) => optionOf(name).reload !== undefined);
  return {
    values: Object.fromEntries(applied.map((name) => [name, next[name]])),
    applied: applied.map((name) => {
      const { kind } = optionOf(name);
      const [from, to] = [kind.describe(running[name]), kind.describe(next[name])];
      // What is hidden looks the same.
      return from === to ? keyOf(name) : `${keyOf(name)} ${from || "none"} -> ${to || "none"}`;
    }),
    waiting: changed.filter((name) => optionOf(name).reload === undefined).map(keyOf),
  };
}

function optionOf(name: OptionName): Option<unknown> {
  return OPTIONS[name];
}
