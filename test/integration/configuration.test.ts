import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { parse } from "smol-toml";
import { get } from "../support/requests.ts";
import { ROOT, serverEnvironment, startServer } from "../support/server.ts";

const LAUNCHER = join(ROOT, "bin/rickhouse");

const directory = realpathSync(mkdtempSync(join(tmpdir(), "rickhouse-configuration-")));
after(() => rmSync(directory, { recursive: true }));

const APP = `
import os

def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{os.getcwd()} {environ['wsgi.multithread']}".encode()]
`;
for (const name of ["site", "configured", "broken"]) mkdirSync(join(directory, name));
writeFileSync(join(directory, "site/good.py"), APP);
writeFileSync(join(directory, "site/check.py"), APP);
writeFileSync(join(directory, "site/raising.py"), 'raise RuntimeError("no database")\n');
writeFileSync(
  join(directory, "site/threaded.py"),
  `import threading\nthreading.Thread(target=threading.Event().wait, name="ticker", daemon=True).start()\n${APP}`,
);
writeFileSync(
  join(directory, "configured/rickhouse.toml"),
  'application = "good:app"\nchdir = "../site"\nworkers = 1\nthreads = 2\n',
);
writeFileSync(join(directory, "broken/rickhouse.toml"), 'application = "good:app"\nworker = 1\n');

interface Surroundings {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs the launcher to its end. */
function rickhouse(args: readonly string[], { cwd = "", env = {} }: Surroundings = {}) {
  const { status, stdout, stderr } = spawnSync(LAUNCHER, args, {
    cwd: join(directory, cwd),
    env: { ...serverEnvironment(), ...env },
    encoding: "utf8",
    timeout: 30_000,
    killSignal: "SIGKILL",
  });
  return { status, stdout, stderr };
}

describe("rickhouse.toml", () => {
  it("names the application, the directory and the rest, so that no argument is needed", async () => {
    await using server = await startServer(null, { cwd: join(directory, "configured") });
    assert.equal((await get(server.port, "/")).body.toString(), `${join(directory, "site")} True`);
    assert.equal(server.workers.length, 1);
  });

  it("gives way to variables and flags", async () => {
    await using server = await startServer(null, {
      cwd: join(directory, "configured"),
      args: ["--threads", "1"],
      env: { RICKHOUSE_WORKERS: "2", RICKHOUSE_THREADS: "3" },
    });
    assert.match((await get(server.port, "/")).body.toString(), / False$/);
    assert.match(server.stderr, /\(2 workers, /);
  });

  it("is refused in one line where it is wrong", () => {
    const line = "rickhouse: rickhouse.toml:2: unknown key worker; did you mean workers?\n";
    assert.deepEqual(rickhouse([], { cwd: "broken" }), { status: 2, stdout: "", stderr: line });
    assert.equal(rickhouse(["--config", "off"], { cwd: "broken" }).status, 2);
  });
});

describe("the environment", () => {
  it("binds all addresses by PORT, and sets the workers by WEB_CONCURRENCY", async () => {
    await using server = await startServer("plain:app", {
      args: ["--config", "off"],
      bind: [],
      env: { PORT: "0", WEB_CONCURRENCY: "1" },
    });
    assert.match(server.stderr, /at http:\/\/0\.0\.0\.0:\d+ \(1 worker, /);
  });

  it("is never an error for what a cluster injects, but is warned of", async () => {
    await using server = await startServer("plain:app", {
      env: { RICKHOUSE_PORT: "tcp://10.0.0.1:8888", RICKHOUSE_WORKER: "1" },
    });
    assert.match(server.stderr, /RICKHOUSE_PORT is no option and is ignored\n/);
    assert.match(
      server.stderr,
      /RICKHOUSE_WORKER is no option and is ignored; did you mean RICKHOUSE_WORKERS\?\n/,
    );
  });
});

describe("rickhouse config", () => {
  it("prints a file of every value, with where each comes from", () => {
    const { status, stdout, stderr } = rickhouse(["config", "--backlog", "9"], {
      cwd: "configured",
      env: { RICKHOUSE_THREADS: "3" },
    });
    assert.equal(status, 0, stderr);
    const values = parse(stdout);
    assert.deepEqual(
      [values["application"], values["threads"], values["backlog"], values["workers"]],
      ["good:app", 3, 9, 1],
    );
    assert.match(stdout, /^threads = 3 +# RICKHOUSE_THREADS$/m);
    assert.match(stdout, /^backlog = 9 +# --backlog$/m);
    assert.match(stdout, /^workers = 1 +# rickhouse\.toml:3$/m);
    assert.match(stdout, /^max-body = "64MiB" +# default$/m);
    assert.match(stdout, /^queue-length = 100 +# computed: 100 a worker$/m);
  });

  it("prints what the server takes again as its file", () => {
    const first = rickhouse(["config"], { cwd: "configured" }).stdout;
    writeFileSync(join(directory, "site/printed.toml"), first);
    const second = rickhouse(["config", "-c", "../site/printed.toml"], { cwd: "configured" });
    assert.deepEqual({ ...parse(second.stdout) }, { ...parse(first) }, second.stderr);
  });

  it("prints JSON", () => {
    const { stdout } = rickhouse(["config", "--json", "a:b", "--threads=2"]);
    const values: unknown = JSON.parse(stdout);
    assert.ok(typeof values === "object" && values !== null);
    assert.deepEqual("threads" in values && values.threads, { value: 2, source: "--threads" });
    assert.deepEqual("application" in values && values.application, {
      value: "a:b",
      source: "argument",
    });
  });
});

describe("rickhouse check", () => {
  it("loads configuration and application, and says what was found in one line", () => {
    const { status, stdout, stderr } = rickhouse(["check"], { cwd: "configured" });
    assert.deepEqual([status, stderr], [0, ""]);
    assert.match(
      stdout,
      /^good:app loads: Python 3\.\d+\.\d+ \(\/[^)]+\), workers fork from one import, configuration from rickhouse\.toml\n$/,
    );
  });

  it("says what keeps the application from being preloaded", () => {
    const { status, stdout, stderr } = rickhouse(["check", "site/threaded:app"]);
    assert.equal(status, 0, stderr);
    assert.match(stderr, /^rickhouse: importing threaded left [^\n]*the thread 'ticker'[^\n]*\n$/);
    assert.match(stdout, /, each worker imports for itself, no configuration file\n$/);
  });

  it("imports also with --preload off, where the workers would", () => {
    const { status, stdout, stderr } = rickhouse(["check", "--preload=off", "site/threaded:app"]);
    assert.deepEqual([status, stderr], [0, ""]);
    assert.match(stdout, /, each worker imports for itself, /);
  });

  for (const preload of ["auto", "off"]) {
    it(`ends with 3 where the application does not import (--preload ${preload})`, () => {
      const { status, stdout, stderr } = rickhouse(["check", "site/raising", "--preload", preload]);
      assert.deepEqual([status, stdout], [3, ""]);
      assert.match(stderr, /^rickhouse: importing raising raised RuntimeError: no database; /m);
    });
  }

  it("ends with 2 where the configuration is wrong", () => {
    assert.equal(rickhouse(["check", "site/good:app", "--threads=0"]).status, 2);
    assert.equal(rickhouse(["check"]).status, 2);
  });

  it("is also the name of a module, with a colon", async () => {
    await using server = await startServer("./check:app", { cwd: join(directory, "site") });
    assert.equal((await get(server.port, "/")).status, 200);
  });
});
