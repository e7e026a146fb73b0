import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { parse } from "smol-toml";
import { get } from "../support/requests.ts";
import { ROOT, serverEnvironment, startServer } from "../support/server.ts";

const LAUNCHER = join(ROOT, "bin/rickhouse");
const directory = realpathSync(mkdtempSync(join(tmpdir(), "rickhouse-gunicorn-")));
after(() => rmSync(directory, { recursive: true }));

/** The same settings as the published configurations of these projects have, in words of our own. */
const PROJECTS = {
  // paperless-ngx/paperless-ngx: values of the environment, a worker class of its own, logging hooks.
  paperless: {
    source: `
import os
port = os.getenv("PAPERLESS_PORT", 8000)
bind = f"0.0.0.0:{port}"
workers = int(os.getenv("PAPERLESS_WEBSERVER_WORKERS", 2))
worker_class = "paperless.workers.ConfigurableWorker"
timeout = 120
def pre_fork(server, worker): ...
def pre_exec(server): server.log.info("again")
def when_ready(server): server.log.info("ready")
def worker_int(worker): worker.log.info("interrupted")
def worker_abort(worker): worker.log.info("aborted")
`,
    values: { bind: ["0.0.0.0:9000"], workers: 2, "request-timeout": "2m" },
    problems: ["worker_class", "pre_fork", "pre_exec", "when_ready", "worker_int", "worker_abort"],
  },
  // pypi/warehouse: behind a proxy on a Unix socket, recycling, statsd.
  warehouse: {
    source: `
bind = "unix:/var/run/cabotage/cabotage.sock"
backlog = 2048
preload_app = True
max_requests = 2048
max_requests_jitter = 128
worker_connections = 1000
timeout = 60
keepalive = 2
errorlog = "-"
loglevel = "info"
accesslog = "-"
access_log_format = '%(h)s "%(r)s" %(s)s'
statsd_host = "localhost:8125"
control_socket_disable = True
`,
    values: {
      bind: ["unix:/var/run/cabotage/cabotage.sock"],
      backlog: 2048,
      "access-log": "-",
      preload: "auto",
      "max-requests": 2048,
      "max-requests-jitter": 128,
      "keep-alive-timeout": "2s",
      "request-timeout": "60s",
    },
    problems: [
      "worker_connections",
      "access_log_format",
      "statsd_host",
      "control_socket_disable",
      "workers",
      "bind",
    ],
  },
  // werneckpaiva/retrato: the usual number of workers, log files.
  retrato: {
    source: `
import multiprocessing
bind = '0.0.0.0:8000'
workers = multiprocessing.cpu_count() * 0 + 3
errorlog = '/var/log/gunicorn/error.log'
loglevel = 'error'
capture_output = True
enable_stdio_inheritance = True
timeout = 60
daemon = False
`,
    values: {
      bind: ["0.0.0.0:8000"],
      log: "/var/log/gunicorn/error.log",
      "log-level": "error",
      workers: 3,
      "request-timeout": "60s",
    },
    problems: [],
  },
} as const;

function fromGunicorn(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { status, stdout, stderr } = spawnSync(LAUNCHER, ["from-gunicorn", ...args], {
    cwd: directory,
    env: { ...serverEnvironment(), PAPERLESS_PORT: "9000", ...env },
    encoding: "utf8",
    timeout: 60_000,
    killSignal: "SIGKILL",
  });
  return { status, stdout, stderr };
}

describe("rickhouse from-gunicorn", () => {
  for (const [name, { source, values, problems }] of Object.entries(PROJECTS)) {
    it(`carries the configuration of ${name} over, and says what it cannot`, () => {
      writeFileSync(join(directory, `${name}.conf.py`), source);
      const { status, stdout, stderr } = fromGunicorn([`${name}.conf.py`]);
      assert.equal(status, 0, stderr);
      assert.deepEqual({ ...parse(stdout) }, values);
      const told = stderr.split("\n").slice(0, -1);
      assert.deepEqual(
        told.map((line) => /^rickhouse: (\w+): ./.exec(line)?.[1]),
        problems,
      );
    });
  }

  it("writes a file that the server serves by", async () => {
    const site = mkdtempSync(join(directory, "site-"));
    writeFileSync(
      join(site, "site.conf.py"),
      `print("noise")\nimport os\nwsgi_app = "${ROOT}/test/apps/plain:app"\nworkers = 1\nbind = "127.0.0.1:8000"\nchdir = os.getcwd()\n`,
    );
    const output = join(site, "rickhouse.toml");
    const first = fromGunicorn([join(site, "site.conf.py"), "-o", output]);
    assert.deepEqual([first.status, first.stdout, first.stderr], [0, "", "noise\n"]);
    assert.match(readFileSync(output, "utf8"), /^application = /m);
    await using server = await startServer(null, { cwd: site });
    assert.equal((await get(server.port, "/")).status, 200);
    const again = fromGunicorn([join(site, "site.conf.py"), "-o", output]);
    assert.equal(again.status, 2);
    assert.match(again.stderr, /--output [^\n]*: it exists already; name a new file\n$/);
  });

  it("says of numbers that JSON does not have what it says of others", () => {
    writeFileSync(
      join(directory, "endless.py"),
      'bind = ":8000"\nworkers = 1\ntimeout = float("inf")\n',
    );
    const { status, stdout, stderr } = fromGunicorn(["endless.py"]);
    assert.deepEqual([status, parse(stdout)["workers"]], [0, 1]);
    assert.equal(stderr, "rickhouse: timeout: its value is none that gunicorn takes\n");
  });

  for (const [what, source, expected] of [
    ["raises", 'raise RuntimeError("no\\nsecret")\n', "running it raised RuntimeError: no secret"],
    ["ends the interpreter", "import os\nos._exit(0)\n", "ended while it ran"],
    ["is not there", undefined, "running it raised FileNotFoundError"],
  ] as const) {
    it(`says in one line that the file ${what}`, () => {
      const path = join(directory, `${what.replaceAll(" ", "-")}.py`);
      if (source !== undefined) writeFileSync(path, source);
      const { status, stdout, stderr } = fromGunicorn([path]);
      assert.deepEqual([status, stdout], [2, ""]);
      assert.equal(stderr.split("\n").length, 2);
      assert.ok(stderr.includes(`${path}: `) && stderr.includes(expected), stderr);
    });
  }

  it("says what gunicorn would have taken from the environment", () => {
    writeFileSync(join(directory, "behind.py"), 'bind = ":8000"\nworkers = 1\n');
    const env = { FORWARDED_ALLOW_IPS: "10.0.0.1", SCRIPT_NAME: "/shop" };
    const { status, stderr } = fromGunicorn(["behind.py"], env);
    assert.equal(status, 0);
    assert.match(
      stderr,
      /^rickhouse: FORWARDED_ALLOW_IPS: .*"10\.0\.0\.1"\nrickhouse: SCRIPT_NAME: /,
    );
  });

  it("says that GUNICORN_CMD_ARGS was not read", () => {
    writeFileSync(join(directory, "gunicorn.conf.py"), 'bind = ":8000"\nworkers = 1\n');
    const { status, stdout, stderr } = fromGunicorn([], { GUNICORN_CMD_ARGS: "--workers=3" });
    assert.deepEqual([status, parse(stdout)["workers"]], [0, 1]);
    assert.match(stderr, /^rickhouse: GUNICORN_CMD_ARGS is set and was not read; /);
  });
});
