// Kinds of the options that are about the process: environment of the application, umask, pid file. Pure.

import { BadValue, type Kind } from "./kinds.ts";

export interface EnvironmentVariable {
  readonly name: string;
  readonly value: string;
}

const VARIABLE = "^[A-Za-z_][A-Za-z0-9_]*=";
const INTERNAL = "RICKHOUSE_INTERNAL_";

/** `NAME=VALUE`, several times; in the file also a table. The last of a name counts. */
export const environmentVariables: Kind<readonly EnvironmentVariable[]> = {
  placeholder: "NAME=VALUE",
  schema: {
    anyOf: [
      { type: "string", pattern: VARIABLE },
      { type: "array", items: { type: "string", pattern: VARIABLE } },
      { type: "object", additionalProperties: { type: "string" } },
    ],
  },
  parse(text) {
    if (!new RegExp(VARIABLE).test(text))
      throw new BadValue("not a variable", "write it like DJANGO_SETTINGS_MODULE=mysite.settings");
    const equals = text.indexOf("=");
    const name = text.slice(0, equals);
    if (name.startsWith(INTERNAL))
      throw new BadValue("a name of the server's own", "choose another");
    return [{ name, value: text.slice(equals + 1) }];
  },
  // Values are often secrets, and this text goes to logs and status pages.
  describe: (variables) => variables.map(({ name }) => `${name}=(hidden)`).join(", "),
  // What is spelled as names are, and nothing else, is one.
  conceal: (text) =>
    /^[A-Z][A-Z0-9_]*$/.test(text) ? text : `${/^[\w.-]+=/.exec(text)?.[0] ?? ""}(hidden)`,
  combine: (values) => values.flat(),
  describeEach,
};

function describeEach(variables: readonly EnvironmentVariable[]): readonly string[] {
  return variables.map(({ name, value }) => `${name}=${value}`);
}

/** The server itself must be able to use what it makes. */
const MAX_UMASK = 0o077;

/** Octal, of group and others only; null: as the server was started. */
export const umask: Kind<number | null> = {
  placeholder: "MODE|inherit",
  example: "027",
  schema: { type: "string", pattern: "^((0o)?[0-7]{1,4}|inherit)$" },
  parse(text) {
    if (text === "inherit") return null;
    const digits = /^(?:0o)?([0-7]{1,4})$/.exec(text)?.[1];
    if (digits === undefined) throw new BadValue("not octal", "write it like 027, or inherit");
    const mode = Number.parseInt(digits, 8);
    if (mode <= MAX_UMASK) return mode;
    throw new BadValue("it takes rights from the server itself", "the largest is 077");
  },
  describe: (mode) => (mode === null ? "inherit" : mode.toString(8).padStart(3, "0")),
};

/** A path, or null for `off`. */
export const optionalPath: Kind<string | null> = {
  placeholder: "FILE|off",
  schema: { type: "string", minLength: 1 },
  parse(text) {
    if (text === "") throw new BadValue("empty", "write a path, or off");
    return text === "off" ? null : text;
  },
  describe: (path) => path ?? "off",
};
