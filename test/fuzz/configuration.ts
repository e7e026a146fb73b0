// Arguments, environment and configuration files that nobody should write: each is taken, or refused in one line that says what is wrong.

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import * as fc from "fast-check";
import { parseArguments } from "../../src/cli/args.ts";
import type { ApplicationSpec } from "../../src/config/application.ts";
import { readEnvironment } from "../../src/config/environment.ts";
import { parseConfigFile } from "../../src/config/file.ts";
import { flagLayer, type Layer } from "../../src/config/layers.ts";
import { flagOf, keyOf, OPTION_NAMES } from "../../src/config/options.ts";
import { resolveConfig, type Surroundings } from "../../src/config/resolve.ts";
import { StartupError } from "../../src/config/startup-error.ts";
import { defaultToml, exampleToml } from "../../src/config/toml-text.ts";
import { mutated } from "./mutation.ts";
import type { FuzzTarget } from "./target.ts";

const APPLICATION: ApplicationSpec = { directory: "/srv/app", module: "app", callable: null };
const SURROUNDINGS: Surroundings = {
  cores: 2,
  memoryBytes: 2 ** 36,
  workingDirectory: "/srv",
  virtualEnv: undefined,
  installedFor: undefined,
  searchPath: "/usr/bin",
  softFileLimit: 1024,
  configFile: null,
  passedSockets: [],
  mayColour: true,
  isExecutable: (path) => path === "/usr/bin/python3",
};

const VALUES = fc.oneof(
  fc.constantFrom(
    ..."0 1 -1 +1 1e9 1e400 0x10 4:2 1:8 : auto on off true 30s 1.5s 10m 1h 99999999999999h 1MiB 1k 9e9GiB * unix".split(
      " ",
    ),
    ..."127.0.0.1:0 [::1]:80 [:: :80 fd:3 fd:x unix:/a unix: 10.0.0.0/8 10.0.0.0/99 ::/0 nobody root 0700 999 json json:".split(
      " ",
    ),
    ..."%(h)s %( {request} {request:} {} a=b = a, ,b / \\ ../.. \u0000 \u00e9 \u{1f600} toString __proto__ constructor".split(
      " ",
    ),
    "",
  ),
  fc.string({ maxLength: 12, unit: "binary" }),
  fc.integer().map(String),
);
const WORDS = fc.oneof(
  fc.constantFrom(...OPTION_NAMES.map(flagOf)),
  fc.constantFrom(...OPTION_NAMES.map(flagOf)).map((flag) => flag.slice(0, -1)),
  fc.constantFrom("-", "--", "---", "-w", "-w4", "-b", "-h", "serve", "check", "config", "app:app"),
  VALUES,
);
const FLAG_WITH_VALUE = fc
  .tuple(fc.constantFrom(...OPTION_NAMES.map(flagOf)), VALUES)
  .map(([flag, value]) => `${flag}=${value}`);

/** What it throws is for the user: one line, and not the program's own fault. */
function refusalOf(take: () => void): void {
  try {
    take();
  } catch (error) {
    if (!(error instanceof StartupError)) throw error;
    assert.ok(error.message.length > 0);
    assert.doesNotMatch(error.message, /[\r\n]|undefined|\[object|NaN/, error.message);
  }
}

function resolve(layer: Layer): void {
  resolveConfig(layer, APPLICATION, SURROUNDINGS);
}

export function argumentsTarget(): FuzzTarget {
  const words = fc.array(fc.oneof({ weight: 3, arbitrary: FLAG_WITH_VALUE }, WORDS), {
    maxLength: 6,
  });
  const property = fc.property(words, (argv) => {
    refusalOf(() => {
      const parsed = parseArguments(argv);
      if (parsed.kind === "command") resolve(flagLayer(parsed.raw));
    });
  });
  return { name: "arguments", property };
}

export function environmentTarget(): FuzzTarget {
  const names = OPTION_NAMES.map(
    (name) => `RICKHOUSE_${keyOf(name).replaceAll("-", "_").toUpperCase()}`,
  );
  const name = fc.constantFrom("PORT", "WEB_CONCURRENCY", "RICKHOUSE_", "RICKHOUSE_X", ...names);
  const property = fc.property(fc.dictionary(name, VALUES, { maxKeys: 4 }), (environment) => {
    refusalOf(() => resolve(readEnvironment(environment).layer));
  });
  return { name: "environment", property };
}

export function fileTarget(): FuzzTarget {
  const texts = OPTION_NAMES.flatMap((name) => [
    `${keyOf(name)} = ${defaultToml(name)}\n`,
    `${keyOf(name)} = ${exampleToml(name)}\n`,
  ]);
  const odd = [
    "[table]\n",
    "[[list]]\n",
    "= 1\n",
    'a = """\n',
    "a.b = 1\n",
    "workers = inf\n",
    "threads = 1e400\n",
    "bind = [1, [2]]\n",
    "env = { a = 1 }\n",
    "max-age = 1979-05-27\n",
    "# \u0000\n",
    "__proto__ = 1\n",
  ];
  const bytes = [...texts, ...odd].map((text) => Buffer.from(text));
  const property = fc.property(mutated(bytes), (file) => {
    refusalOf(() => resolve(parseConfigFile(file.toString("utf8"), "rickhouse.toml").layer));
  });
  return { name: "file", property };
}
