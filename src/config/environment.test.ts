import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Environment, readEnvironment } from "./environment.ts";
import { mayStandIn, type OptionName, OPTION_NAMES, variableOf } from "./options.ts";

const textsOf = (name: OptionName, environment: Environment): readonly string[] | undefined =>
  readEnvironment(environment).layer.get(name)?.texts;

const warningsOf = (environment: Environment): readonly string[] =>
  readEnvironment(environment).warnings;

describe("readEnvironment", () => {
  for (const name of OPTION_NAMES.filter((one) => mayStandIn(one, "environment"))) {
    it(`reads ${variableOf(name)}`, () => {
      const { layer, warnings } = readEnvironment({ [variableOf(name)]: "x" });
      assert.deepEqual(layer.get(name), {
        texts: ["x"],
        origin: { kind: "variable", variable: variableOf(name) },
      });
      assert.deepEqual(warnings, []);
    });
  }

  it("takes what is empty for what is not there", () => {
    const environment = {
      RICKHOUSE_THREADS: "",
      RICKHOUSE_APPLICATION: "",
      PORT: "",
      WEB_CONCURRENCY: "",
    };
    assert.deepEqual(readEnvironment(environment), {
      layer: new Map(),
      application: undefined,
      warnings: [],
    });
  });

  it("splits what may be repeated at commas", () => {
    const binds = textsOf("bind", { RICKHOUSE_BIND: "127.0.0.1:1, unix:/run/a" });
    assert.deepEqual(binds, ["127.0.0.1:1", "unix:/run/a"]);
    assert.deepEqual(textsOf("accessLog", { RICKHOUSE_ACCESS_LOG: "/a,b" }), ["/a,b"]);
  });

  it("names the application", () => {
    assert.equal(readEnvironment({ RICKHOUSE_APPLICATION: "a:b" }).application, "a:b");
  });
});

describe("PORT and WEB_CONCURRENCY", () => {
  it("bind every IPv4 address, and set the number of workers", () => {
    assert.deepEqual(textsOf("bind", { PORT: "5000" }), ["0.0.0.0:5000"]);
    assert.deepEqual(textsOf("workers", { WEB_CONCURRENCY: "3" }), ["3"]);
  });

  it("give way to our own variables", () => {
    assert.deepEqual(textsOf("bind", { PORT: "5000", RICKHOUSE_BIND: ":1" }), [":1"]);
    assert.deepEqual(textsOf("workers", { WEB_CONCURRENCY: "3", RICKHOUSE_WORKERS: "1:2" }), [
      "1:2",
    ]);
  });
});

describe("a variable that is no option", () => {
  it("is warned of with the nearest name", () => {
    assert.deepEqual(warningsOf({ RICKHOUSE_WORKER: "4", OTHER: "x" }), [
      "RICKHOUSE_WORKER is no option and is ignored; did you mean RICKHOUSE_WORKERS?",
    ]);
    assert.deepEqual(warningsOf({ RICKHOUSE_COLOUR: "red" }), [
      "RICKHOUSE_COLOUR is no option and is ignored",
    ]);
  });

  it("is never an error, whatever a cluster puts there for a service of our name", () => {
    const names = [
      "RICKHOUSE_PORT",
      "RICKHOUSE_PORT_8888_TCP",
      "RICKHOUSE_PORT_8888_TCP_ADDR",
      "RICKHOUSE_SERVICE_HOST",
      "RICKHOUSE_SERVICE_PORT",
    ];
    const environment = Object.fromEntries(names.map((name) => [name, "tcp://10.0.0.1:8888"]));
    assert.deepEqual(
      warningsOf(environment),
      names.map((name) => `${name} is no option and is ignored`),
    );
    assert.equal(readEnvironment(environment).layer.size, 0);
  });

  it("is no news where it is between our own parts", () => {
    assert.deepEqual(warningsOf({ RICKHOUSE_INTERNAL_NOFILE: "1" }), []);
  });
});
