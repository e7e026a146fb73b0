import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parse } from "smol-toml";
import { parseConfigFile } from "./file.ts";
import { keyOf, mayStandIn, OPTION_NAMES } from "./options.ts";
import { defaultToml, tomlString } from "./toml-text.ts";

describe("the default of each option as TOML", () => {
  for (const name of OPTION_NAMES.filter((one) => mayStandIn(one, "file"))) {
    it(`is taken from a file: ${keyOf(name)} = ${defaultToml(name)}`, () => {
      const { layer } = parseConfigFile(`${keyOf(name)} = ${defaultToml(name)}`, "r.toml");
      // An empty list says nothing and is left out.
      assert.equal(layer.has(name), defaultToml(name) !== "[]");
    });
  }
});

describe("tomlString", () => {
  for (const text of ["a", "", 'a"b\\c', "ü\u007f\n\t\u0001", "💥"]) {
    it(`is read back: ${JSON.stringify(text)}`, () => {
      assert.equal(parse(`a = ${tomlString(text)}`)["a"], text);
    });
  }
});
