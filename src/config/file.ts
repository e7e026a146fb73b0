// A configuration file (TOML) -> option texts. Pure: the text of the file comes as a value. One key for each option, without tables, so
// that a key is what the flag is without its dashes; `application` names the application.

import type * as Toml from "smol-toml";
import { requireDependency } from "../package-files.ts";
import { foreignOption } from "./foreign-options.ts";
import type { ValueSchema } from "./kinds.ts";
import { describePlace, type Given, type Layer, type Origin } from "./layers.ts";
import { nearest } from "./nearest.ts";
import type { Option } from "./option.ts";
import {
  flagOf,
  keyOf,
  mayStandIn,
  type OptionName,
  OPTION_NAMES,
  OPTIONS,
  variableOf,
} from "./options.ts";
import { StartupError } from "./startup-error.ts";
import { defaultToml, exampleToml } from "./toml-text.ts";

export const APPLICATION_KEY = "application";

export interface FileValues {
  readonly layer: Layer;
  readonly application: { readonly text: string; readonly origin: Origin } | undefined;
}

const NAMES: ReadonlyMap<string, OptionName> = new Map(
  OPTION_NAMES.filter((name) => mayStandIn(name, "file")).map((name) => [keyOf(name), name]),
);

/** `path` is how the user knows the file. Throws StartupError at the first thing that is wrong, with file and line. */
export function parseConfigFile(text: string, path: string): FileValues {
  const layer = new Map<OptionName, Given>();
  let application: FileValues["application"];
  for (const [key, value] of Object.entries(parseToml(text, path))) {
    const place = { path, line: lineOf(key, text) };
    const origin: Origin = { kind: "file", ...place, key };
    const name = NAMES.get(key);
    if (key === APPLICATION_KEY) {
      const [only = ""] = textsOf(value, { type: "string" }, origin, `"mysite.wsgi"`);
      application = { text: only, origin };
    } else if (name === undefined) throw unknownKey(key, value, place);
    else if (!isEmptyDefault(name, value))
      layer.set(name, { texts: textsOfOption(name, value, origin), origin });
  }
  return { layer, application };
}

function parseToml(text: string, path: string): Record<string, unknown> {
  // Not before there is a file: a start without one has nothing to wait for.
  const toml = loadParser();
  try {
    return toml.parse(text, { unsafeKeyBehaviour: "throw" });
  } catch (error) {
    if (!(error instanceof toml.TomlError)) throw error;
    // The message goes on with a picture of the place; one line is enough with file and line.
    const [first = ""] = error.message.replace("Invalid TOML document: ", "").split("\n");
    throw new StartupError(
      "bad-config-file",
      { place: describePlace({ path, line: error.line }), reason: first },
      { cause: error },
    );
  }
}

function loadParser(): typeof Toml {
  return requireDependency("smol-toml");
}

/** The parser tells no lines. A key inside of a text of several lines may be taken for it: then the line is wrong, and no more. */
function lineOf(key: string, text: string): number | undefined {
  // Only what means something: with the flag "u", any other escape is a syntax error.
  const quoted = key.replaceAll(/[$()*+./?[\\\]^{|}]/g, String.raw`\$&`);
  const start = new RegExp(String.raw`^\s*\[*\s*["']?${quoted}["']?\s*[=.\]]`, "u");
  const index = text.split("\n").findIndex((line) => start.test(line));
  return index < 0 ? undefined : index + 1;
}

function unknownKey(
  key: string,
  value: unknown,
  place: { path: string; line: number | undefined },
): StartupError {
  return new StartupError("unknown-key", {
    place: describePlace(place),
    key,
    hint: hintOf(key, value),
  });
}

function hintOf(key: string, value: unknown): string {
  const own = OPTION_NAMES.find((name) => keyOf(name) === key);
  if (own !== undefined)
    return `it does not stand in a file; write ${flagOf(own)} or ${variableOf(own)}`;
  if (isTable(value)) return "options stand without tables, as in workers = 4";
  const foreign = foreignOption(`--${key.replaceAll("_", "-")}`);
  if (foreign !== undefined) return asKeys(foreign);
  const close = nearest(key, [...NAMES.keys(), APPLICATION_KEY]);
  return close === undefined ? "rickhouse --help all lists all" : `did you mean ${close}?`;
}

/** Names of options as the file has them. */
function asKeys(text: string): string {
  return text.replaceAll(/--([\w-]+)/g, (flag, key) => (NAMES.has(key) ? key : flag));
}

/** `[]` says nothing where it is the default, and is wrong elsewhere. */
function isEmptyDefault(name: OptionName, value: unknown): boolean {
  return Array.isArray(value) && value.length === 0 && defaultToml(name) === "[]";
}

function textsOfOption(name: OptionName, value: unknown, origin: Origin): readonly string[] {
  const { kind }: Option<unknown> = OPTIONS[name];
  return textsOf(value, kind.schema, origin, exampleToml(name));
}

/** `example` is a value of the right type, as TOML has it. */
function textsOf(
  value: unknown,
  schema: ValueSchema,
  origin: Origin,
  example: string,
): readonly string[] {
  const types = typesOf(schema);
  const isWord = value === "auto"; // What is computed takes the word, whatever its kind.
  if (Array.isArray(value) && types.has("array") && value.length > 0) {
    return value.flatMap((item: unknown) =>
      textsOf(item, { anyOf: schema.anyOf?.slice(0, 1) ?? [] }, origin, example),
    );
  }
  if (typeof value === "string" && (types.has("string") || isWord)) return [withoutNul(value)];
  if (typeof value === "boolean" && types.has("boolean")) return [value ? "on" : "off"];
  if (typeof value === "number" && (types.has("integer") || types.has("number")))
    return [String(value)];
  if (types.has("object") && isTable(value)) {
    return Object.entries(value).map(([key, item]) => {
      const [text = ""] = textsOf(item, { type: "string" }, origin, `{ ${key} = "text" }`);
      return `${key}=${text}`;
    });
  }
  throw wrongType(value, origin, example);

  function withoutNul(text: string): string {
    if (text.includes("\0")) throw wrongType("\0", origin, example);
    return text;
  }
}

function typesOf(schema: ValueSchema): Set<string> {
  const types = new Set((schema.anyOf ?? []).flatMap((one) => [...typesOf(one)]));
  if (schema.type !== undefined) types.add(schema.type);
  return types;
}

function wrongType(value: unknown, origin: Origin, example: string): StartupError {
  const place = origin.kind === "file" ? describePlace(origin) : "";
  const key = origin.kind === "file" ? origin.key : "";
  return new StartupError("wrong-type", { place, key, type: typeName(value), example });
}

function typeName(value: unknown): string {
  if (value === "\0") return "a text with NUL";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (typeof value === "string") return "a text in quotes";
  if (typeof value === "boolean") return "true or false";
  if (typeof value === "number") return "a number";
  return isTable(value) ? "a table" : "a date";
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !(value instanceof Date);
}
