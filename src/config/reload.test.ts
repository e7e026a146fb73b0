import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Layer, flagLayer } from "./layers.ts";
import { type Config, OPTION_NAMES, OPTIONS, type OptionName } from "./options.ts";
import type { Option } from "./option.ts";
import { changesBetween } from "./reload.ts";
import { resolveConfig } from "./resolve.ts";

function configOf(given: Partial<Record<OptionName, readonly string[]>>): Config {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the parameter has these keys only
  const layer: Layer = flagLayer(new Map(Object.entries(given) as [OptionName, string[]][]));
  const application = { directory: "/srv", module: "app", callable: null };
  return resolveConfig(layer, application, {
    cores: 2,
    memoryBytes: 2 ** 36,
    workingDirectory: "/srv",
    virtualEnv: undefined,
    searchPath: "/bin",
    softFileLimit: null,
    configFile: null,
    mayColour: true,
    passedSockets: [],
    isExecutable: () => true,
    installedFor: undefined,
  });
}

describe("changesBetween", () => {
  it("finds nothing where nothing has changed", () => {
    const bind = ["127.0.0.1:1", "unix:/run/a"];
    assert.deepEqual(changesBetween(configOf({ bind }), configOf({ bind })), {
      values: {},
      applied: [],
      waiting: [],
    });
  });

  it("takes what a reload may change, and names what waits for a restart", () => {
    const { values, applied, waiting } = changesBetween(
      configOf({ workers: ["2"] }),
      configOf({
        workers: ["1:4"],
        requestTimeoutMs: ["2m"],
        maxBodyBytes: ["1KiB"],
        bind: [":1"],
        threads: ["2"],
        pythonpath: ["/lib"],
      }),
    );
    assert.deepEqual(values, {
      workers: { min: 1, max: 4 },
      requestTimeoutMs: 120_000,
      maxBodyBytes: 1024,
      queueLength: 400,
      pythonpath: ["/lib"],
    });
    assert.deepEqual([...applied].toSorted(), [
      "max-body 64MiB -> 1KiB",
      "pythonpath none -> /lib",
      "queue-length 200 -> 400",
      "request-timeout 30s -> 2m",
      "workers 2 -> 1:4",
    ]);
    assert.deepEqual([...waiting].toSorted(), ["bind", "threads"]);
  });

  it("shows no value of a variable of the application", () => {
    const { values, applied } = changesBetween(
      configOf({ env: ["PASSWORD=old"] }),
      configOf({ env: ["PASSWORD=new"] }),
    );
    assert.deepEqual(applied, ["env"]);
    assert.deepEqual(values.env, [{ name: "PASSWORD", value: "new" }]);
  });
});

describe("the option table", () => {
  it("has options of each kind of reload, and some without", () => {
    const options: readonly Option<unknown>[] = OPTION_NAMES.map((name) => OPTIONS[name]);
    const kinds = new Set(options.map(({ reload }) => reload));
    assert.deepEqual(kinds, new Set([undefined, "now", "connections", "workers"]));
  });
});
