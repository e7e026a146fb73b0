import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parse } from "smol-toml";
import { parseConfigFile } from "../src/config/file.ts";
import { keyOf, mayStandIn, OPTION_NAMES } from "../src/config/options.ts";
import { StartupError } from "../src/config/startup-error.ts";
import { defaultToml, exampleToml } from "../src/config/toml-text.ts";
import { generatedFiles, read } from "./generate.ts";
import { fileSchema } from "./reference.ts";

describe("what is generated", () => {
  for (const [path, text] of generatedFiles()) {
    it(`is not stale: ${path} (else: npm run generate)`, () => {
      // Not assert.equal: a difference of a long page tells less than the name of the command.
      assert.ok(read(path) === text, `${path} is stale: run npm run generate`);
    });
  }
});

/** As much of draft 7 as the schema uses; what it does not know is an error of this test. */
function isValid(value: unknown, schema: unknown): boolean {
  assert.ok(isObject(schema));
  return Object.entries(schema).every(([keyword, want]) => {
    switch (keyword) {
      case "type":
        return typeOf(value) === want || (want === "number" && typeOf(value) === "integer");
      case "anyOf":
        assert.ok(Array.isArray(want));
        return want.some((one) => isValid(value, one));
      case "enum":
        assert.ok(Array.isArray(want));
        return want.includes(value);
      case "pattern":
        return typeof value !== "string" || new RegExp(String(want), "u").test(value);
      case "minLength":
        return typeof value !== "string" || value.length >= Number(want);
      case "minimum":
        return typeof value !== "number" || value >= Number(want);
      case "maximum":
        return typeof value !== "number" || value <= Number(want);
      case "items":
        return !Array.isArray(value) || value.every((one) => isValid(one, want));
      case "properties":
        assert.ok(isObject(want));
        return Object.entries(isObject(value) ? value : {}).every(
          ([key, one]) => !Object.hasOwn(want, key) || isValid(one, want[key]),
        );
      case "additionalProperties":
        return Object.entries(isObject(value) ? value : {}).every(([key, one]) => {
          const isKnown =
            isObject(schema["properties"]) && Object.hasOwn(schema["properties"], key);
          return isKnown || (want !== false && isValid(one, want));
        });
      case "$schema":
      case "title":
      case "description":
        return true;
      default:
        assert.fail(`the test does not know ${keyword}`);
    }
  });
}

function typeOf(value: unknown): string {
  if (Array.isArray(value)) return "array";
  if (Number.isInteger(value)) return "integer";
  return typeof value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isTaken(toml: string): boolean {
  try {
    parseConfigFile(toml, "r.toml");
    return true;
  } catch (error) {
    if (error instanceof StartupError) return false;
    throw error;
  }
}

const SCHEMA: unknown = JSON.parse(fileSchema());

describe("the schema of rickhouse.toml", () => {
  const valid = [
    "",
    'application = "mysite.wsgi"\nworkers = "2:8"\nbind = ["127.0.0.1:1", "unix:/run/a"]',
    'request-timeout = 1.5\nmax-body = 1000\nenv = { A = "1" }\nreuse-port = true',
    '[env]\nA = "1"',
    ...OPTION_NAMES.filter((name) => mayStandIn(name, "file")).flatMap((name) => [
      `${keyOf(name)} = ${exampleToml(name)}`,
      `${keyOf(name)} = ${defaultToml(name)}`,
    ]),
  ];
  for (const toml of valid) {
    it(`takes what the server takes: ${toml}`, () => {
      assert.ok(isTaken(toml));
      assert.ok(isValid(parse(toml), SCHEMA));
    });
  }

  for (const toml of [
    "worker = 1",
    'threads = "1"',
    "preload = true",
    "bind = 8000",
    "bind = [1]",
    "application = 1",
    "env = { A = 1 }",
    "[server]\nthreads = 1",
    'config = "x"',
  ]) {
    it(`refuses what the server refuses: ${toml}`, () => {
      assert.ok(!isTaken(toml));
      assert.ok(!isValid(parse(toml), SCHEMA));
    });
  }

  for (const toml of [
    "threads = 0",
    'request-timeout = "soon"',
    'max-body = "1TB"',
    'preload = "never"',
  ]) {
    it(`refuses values: ${toml}`, () => assert.ok(!isValid(parse(toml), SCHEMA)));
  }
});
