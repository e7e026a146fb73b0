// Option values as TOML text: what `rickhouse config` prints and what an error shows as an example. Pure.

import type { Kind, ValueSchema } from "./kinds.ts";
import type { Option } from "./option.ts";
import { type OptionName, OPTIONS } from "./options.ts";

/** A value of an option as the configuration file has it: `4`, `"30s"`, `["a", "b"]`. */
export function tomlOf<T>(kind: Kind<T>, value: T): string {
  if (kind.describeEach) return `[${kind.describeEach(value).map(tomlString).join(", ")}]`;
  const text = kind.describe(value);
  if (takes("boolean", kind.schema)) return text === "on" ? "true" : "false";
  return (takes("integer", kind.schema) || takes("number", kind.schema)) &&
    /^(?:0|[1-9]\d*)$/.test(text)
    ? text
    : tomlString(text);
}

/** The default of an option; `"auto"` where it is computed. */
export function defaultToml(name: OptionName): string {
  const option: Option<unknown> = OPTIONS[name];
  return "compute" in option ? '"auto"' : tomlOf(option.kind, option.default);
}

/** A basic string of TOML: JSON's escapes are among TOML's, but for DEL, which TOML wants escaped. */
export function tomlString(text: string): string {
  return JSON.stringify(text).replaceAll("\u007f", String.raw`\u007f`);
}

/** For a hint: a value that stands for what is computed or off, else the default. */
export function exampleToml(name: OptionName): string {
  const option: Option<unknown> = OPTIONS[name];
  const { example } = option.kind;
  const { kind } = option;
  const says = "compute" in option || /^(?:none|off|inherit)$/.test(kind.describe(option.default));
  return says && example !== undefined ? tomlOf(kind, kind.parse(example)) : defaultToml(name);
}

function takes(type: ValueSchema["type"], schema: ValueSchema): boolean {
  return schema.type === type || (schema.anyOf?.some((one) => takes(type, one)) ?? false);
}
