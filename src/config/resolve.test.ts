import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ApplicationSpec } from "./application.ts";
import { type Config, flagOf, type OptionName } from "./options.ts";
import type { Given as GivenTexts, Layer } from "./layers.ts";
import { resolveChdir, resolveConfig, type Surroundings } from "./resolve.ts";
import { StartupError } from "./startup-error.ts";

const APPLICATION: ApplicationSpec = { directory: "/srv/app", module: "app", callable: null };

const SURROUNDINGS: Surroundings = {
  cores: 2,
  memoryBytes: 2 ** 36,
  workingDirectory: "/home/me",
  virtualEnv: undefined,
  installedFor: undefined,
  searchPath: "/usr/bin",
  softFileLimit: 1024,
  configFile: null,
  passedSockets: [],
  mayColour: true,
  isExecutable: (path) => path === "/usr/bin/python3" || path === "/opt/python",
};

type Given = Partial<Record<OptionName, string | readonly string[]>>;

function layerOf(given: Given): Layer {
  const layer = new Map<OptionName, GivenTexts>();
  for (const [key, texts] of Object.entries(given)) {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Given has these keys only
    const name = key as OptionName;
    const origin = { kind: "flag", flag: flagOf(name) } as const;
    layer.set(name, { texts: typeof texts === "string" ? [texts] : texts, origin });
  }
  return layer;
}

function resolve(given: Given = {}, surroundings: Partial<Surroundings> = {}): Config {
  return resolveConfig(layerOf(given), APPLICATION, { ...SURROUNDINGS, ...surroundings });
}

function message(given: Given): string {
  try {
    resolve(given);
  } catch (error) {
    if (error instanceof StartupError) return error.message;
    throw error;
  }
  assert.fail("was taken");
}

describe("resolveConfig", () => {
  it("has the defaults of the design", () => {
    assert.deepEqual(resolve(), {
      config: "auto",
      pidFile: null,
      umask: null,
      pythonpath: [],
      env: [],
      bind: [{ kind: "tcp", host: "127.0.0.1", port: 8888 }],
      socketMode: 0o660,
      reusePort: false,
      proxyProtocol: false,
      forwardedAllowIps: { everybody: false, unix: false, networks: [] },
      forwardedHeaders: [
        "x-forwarded-for",
        "x-forwarded-proto",
        "x-forwarded-host",
        "x-forwarded-port",
        "x-forwarded-prefix",
      ],
      accessLog: { kind: "stdout" },
      admin: { kind: "off" },
      adminToken: { kind: "none" },
      metricsBridge: "auto",
      healthPath: "",
      log: { kind: "stderr" },
      logFormat: "plain",
      logLevel: "info",
      accessLogFormat: "auto",
      accessLogQuery: true,
      requestId: true,
      reload: false,
      reloadInclude: [],
      debug: false,
      backlog: 2048,
      directSockets: "auto",
      maxConnections: 10_000,
      workers: { min: 2, max: 16 },
      workerIdleTimeoutMs: 60_000,
      threads: 1,
      python: "/usr/bin/python3",
      preload: "auto",
      chdir: ".",
      batchScheduling: "auto",
      maxRequests: 0,
      maxRequestsJitter: 0,
      maxMemoryBytes: 0,
      maxAgeMs: 0,
      maxReplacing: 1,
      headTimeoutMs: 15_000,
      bodyTimeoutMs: 30_000,
      bodyMinRateBytesPerSecond: 500,
      sendTimeoutMs: 60_000,
      keepAliveTimeoutMs: 75_000,
      queueTimeoutMs: 10_000,
      requestTimeoutMs: 30_000,
      requestTotalTimeoutMs: 0,
      drainDelayMs: 0,
      drainIdleMs: 1000,
      user: "",
      group: "",
      gracefulTimeoutMs: 25_000,
      startTimeoutMs: 60_000,
      queueLength: 1600,
      maxRequestLineBytes: 8192,
      maxFieldBytes: 16_384,
      maxHeadBytes: 32_768,
      maxFields: 100,
      maxBodyBytes: 67_108_864,
      bodyMemoryBytes: 1_048_576,
      responseMemoryBytes: 1_048_576,
      responseFileBytes: 268_435_456,
      bufferMemoryBytes: 268_435_456,
      tempDiskBytes: 10_737_418_240,
      softFileLimit: 1024,
      configFile: null,
      mayColour: true,
    });
  });

  it("is frozen", () => {
    assert.ok(Object.isFrozen(resolve()));
  });

  it("takes what was given", () => {
    const config = resolve({
      workers: "3",
      requestTimeoutMs: "0",
      maxBodyBytes: "1GiB",
      accessLog: "off",
    });
    assert.deepEqual(config.workers, { min: 3, max: 3 });
    assert.equal(config.requestTimeoutMs, 0);
    assert.equal(config.maxBodyBytes, 2 ** 30);
    assert.deepEqual(config.accessLog, { kind: "off" });
  });

  it("counts the queue by the workers that were asked for", () => {
    assert.equal(resolve({ workers: "1:3" }).queueLength, 300);
    assert.equal(resolve({ workers: "1:3", queueLength: "auto" }).queueLength, 300);
    assert.equal(resolve({ workers: "1:3", queueLength: "7" }).queueLength, 7);
  });

  it("takes auto for what it would compute anyway, and only there", () => {
    assert.deepEqual(resolve({ workers: "auto" }).workers, { min: 2, max: 16 });
    assert.equal(
      message({ threads: "auto" }),
      "--threads auto: not a whole number; write it like 1",
    );
  });

  it("lets the last one count, but checks each", () => {
    assert.equal(resolve({ threads: ["2", "4"] }).threads, 4);
    assert.equal(
      message({ threads: ["x", "4"] }),
      "--threads x: not a whole number; write it like 1",
    );
  });

  it("listens on the sockets that were passed unless addresses were given", () => {
    const passedSockets = [{ kind: "fd", fd: 3, name: "web" }] as const;
    assert.deepEqual(resolve({}, { passedSockets }).bind, passedSockets);
    assert.deepEqual(resolve({ bind: "fd:4" }, { passedSockets }).bind, [{ kind: "fd", fd: 4 }]);
  });

  it("joins what may be repeated", () => {
    assert.deepEqual(resolve({ bind: ["127.0.0.1:1", "unix:/run/a"] }).bind, [
      { kind: "tcp", host: "127.0.0.1", port: 1 },
      { kind: "unix", path: "/run/a" },
    ]);
  });

  it("names option, value and what to write instead", () => {
    assert.equal(
      message({ requestTimeoutMs: "soon" }),
      "--request-timeout soon: not a duration; write it like 30s, 500ms or 2m",
    );
    assert.equal(
      message({ maxBodyBytes: "" }),
      '--max-body "": not a size; write it like 512, 64KiB, 10MB or 1GiB',
    );
  });

  it("names no text that may be a secret", () => {
    assert.match(message({ adminToken: "hunter2" }), /^--admin-token \(hidden\): shorter than/);
    assert.match(message({ adminToken: "file:" }), /^--admin-token file:: no path/);
    assert.match(message({ env: "KEY:aHVudGVyMg==" }), /^--env \(hidden\): not a variable/);
    assert.match(message({ env: "API-KEY=hunter2" }), /^--env API-KEY=\(hidden\): not a variable/);
  });

  it("refuses values that do not go together", () => {
    assert.equal(
      message({ maxHeadBytes: "8KiB" }),
      "--max-field 16KiB does not go with --max-head 8KiB; give --max-field at most 8KiB",
    );
    assert.equal(
      message({ maxRequestLineBytes: "64KiB" }),
      "--max-request-line 64KiB does not go with --max-head 32KiB; give --max-request-line at most 32KiB",
    );
    assert.match(
      message({ bodyMemoryBytes: "300MiB" }),
      /^--body-memory 300MiB does not go with --buffer-memory/,
    );
    assert.match(
      message({ responseMemoryBytes: "300MiB" }),
      /^--response-memory 300MiB does not go with --buffer/,
    );
  });

  it("refuses a drain delay that leaves no time for the drain", () => {
    assert.equal(
      message({ drainDelayMs: "25s" }),
      "--drain-delay 25s does not go with --graceful-timeout 25s; the delay is a part of the whole: give it less",
    );
    assert.equal(resolve({ drainDelayMs: "0", gracefulTimeoutMs: "0" }).drainDelayMs, 0);
    assert.equal(resolve({ drainDelayMs: "24s" }).drainDelayMs, 24_000);
  });

  it("refuses a group without a user", () => {
    assert.equal(
      message({ group: "www-data" }),
      "--group www-data does not go with no --user; name a user too",
    );
    assert.equal(resolve({ user: "www-data", group: "www-data" }).user, "www-data");
  });

  it("refuses PROXY headers from nobody", () => {
    assert.equal(
      message({ proxyProtocol: "on" }),
      "--proxy-protocol does not go with --forwarded-allow-ips none; name the proxies that send the header",
    );
    assert.equal(resolve({ proxyProtocol: "on", forwardedAllowIps: "unix" }).proxyProtocol, true);
  });

  it("refuses an admin address that others can reach without a token", () => {
    assert.equal(
      message({ admin: "0.0.0.0:9000" }),
      "--admin 0.0.0.0:9000 does not go with no --admin-token; give a token, or listen on 127.0.0.1 or unix:PATH",
    );
    const adminToken = "0123456789abcdef0123456789abcdef";
    assert.ok(resolve({ admin: "0.0.0.0:9000", adminToken }));
    assert.ok(resolve({ admin: "127.0.0.1:9000" }));
  });

  it("refuses one address twice, but port 0 is another one each time", () => {
    assert.equal(
      message({ bind: ["127.0.0.1:1", "127.0.0.1:1"] }),
      "--bind 127.0.0.1:1 does not go with --bind 127.0.0.1:1; give each address once",
    );
    assert.match(message({ bind: ["unix:/a", "unix:/a"] }), /give each address once$/);
    assert.equal(resolve({ bind: ["127.0.0.1:0", "127.0.0.1:0"] }).bind.length, 2);
  });

  it("finds the interpreter that was named", () => {
    assert.equal(resolve({ python: "/opt/python" }).python, "/opt/python");
    assert.match(
      message({ python: "/opt/other" }),
      /^--python: \/opt\/other is not an executable file;/,
    );
  });

  it("does not look for an interpreter when one is named", () => {
    assert.equal(
      resolve({ python: "/opt/python" }, { searchPath: "", virtualEnv: "/gone" }).python,
      "/opt/python",
    );
  });
});

describe("resolveChdir", () => {
  it("is the working directory unless another was given", () => {
    assert.equal(resolveChdir(new Map()), ".");
    assert.equal(resolveChdir(layerOf({ chdir: "site" })), "site");
  });
});

describe("a broken promise of a kind", () => {
  it("is no usage error", () => {
    const surroundings = { ...SURROUNDINGS, isExecutable: () => assert.fail("disk on fire") };
    assert.throws(() => resolveConfig(new Map(), APPLICATION, surroundings), /disk on fire/);
  });
});
