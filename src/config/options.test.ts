import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Known, Option } from "./option.ts";
import { flagOf, type OptionName, OPTION_NAMES, OPTIONS } from "./options.ts";

const KNOWN: Known = {
  cores: 4,
  memoryBytes: 2 ** 36,
  maxWorkers: 32,
  findPython: () => "/usr/bin/python3",
  passedSockets: [],
};

/** Section 6 of docs/design.md. */
const PROMISED = [
  ["bind", "127.0.0.1:8888"],
  ["workers", "4:32"],
  ["threads", "1"],
  ["backlog", "2048"],
  ["maxConnections", "10000"],
  ["headTimeoutMs", "15s"],
  ["bodyTimeoutMs", "30s"],
  ["bodyMinRateBytesPerSecond", "500B"],
  ["sendTimeoutMs", "60s"],
  ["gracefulTimeoutMs", "25s"],
  ["drainDelayMs", "0"],
  ["forwardedAllowIps", "none"],
  ["keepAliveTimeoutMs", "75s"],
  ["maxRequestLineBytes", "8KiB"],
  ["maxFieldBytes", "16KiB"],
  ["maxHeadBytes", "32KiB"],
  ["maxFields", "100"],
  ["maxBodyBytes", "64MiB"],
  ["bodyMemoryBytes", "1MiB"],
  ["responseMemoryBytes", "1MiB"],
  ["responseFileBytes", "256MiB"],
  ["bufferMemoryBytes", "256MiB"],
  ["tempDiskBytes", "10GiB"],
  ["requestTimeoutMs", "30s"],
  ["requestTotalTimeoutMs", "0"],
  ["queueLength", "3200"],
  ["queueTimeoutMs", "10s"],
  ["maxRequests", "0"],
  ["accessLog", "-"],
] as const satisfies readonly (readonly [OptionName, string])[];

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

  for (const [name, text] of PROMISED) {
    it(`${flagOf(name)} is ${text} unless it is set, as docs/design.md says`, () => {
      const option: Option<unknown> = OPTIONS[name];
      const value = "compute" in option ? option.compute(KNOWN) : option.default;
      assert.equal(option.kind.describe(value), text);
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
