import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Known, Option } from "./option.ts";
import { flagOf, OPTION_NAMES, OPTIONS } from "./options.ts";

const KNOWN: Known = {
  cores: 4,
  memoryBytes: 2 ** 36,
  maxWorkers: 32,
  findPython: () => "/usr/bin/python3",
  passedSockets: [],
};

describe("the option table", () => {
  for (const name of OPTION_NAMES) {
    const option: Option<unknown> = OPTIONS[name];
    it(`${flagOf(name)} reads its own default back`, () => {
      const value = "compute" in option ? option.compute(KNOWN) : option.default;
      const { kind } = option;
      const texts = kind.describeEach?.(value) ?? [kind.describe(value)];
      const values = texts.map((text) => kind.parse(text));
      assert.deepEqual(kind.combine ? kind.combine(values) : values[0], value);
    });
  }

  it("has each flag and each letter once", () => {
    const flags = OPTION_NAMES.map(flagOf);
    assert.equal(new Set(flags).size, flags.length);
    const letters = OPTION_NAMES.flatMap((name) => OPTIONS[name].short ?? []);
    assert.equal(new Set(letters).size, letters.length);
    assert.ok(!letters.includes("h") && !letters.includes("V"), "-h and -V are taken");
  });
});

describe("flagOf", () => {
  it("is the key without its unit", () => {
    assert.equal(flagOf("bind"), "--bind");
    assert.equal(flagOf("requestTotalTimeoutMs"), "--request-total-timeout");
    assert.equal(flagOf("maxBodyBytes"), "--max-body");
    assert.equal(flagOf("bodyMinRateBytesPerSecond"), "--body-min-rate");
  });
});
