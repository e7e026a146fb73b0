import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { parse } from "smol-toml";
import { parseConfigFile } from "../../config/file.ts";
import { GUNICORN_SETTINGS } from "./settings.ts";
import { translate } from "./translate.ts";

const LIST: unknown = JSON.parse(
  readFileSync(join(import.meta.dirname, "../../../test/vectors/gunicorn/settings.json"), "utf8"),
);

/** So that there is nothing to say of what is missing. */
const GIVEN = { workers: 1, bind: "127.0.0.1:8000" };

/** But for GIVEN. */
function valuesOf(variables: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { toml, problems } = translate({ ...GIVEN, ...variables }, "gunicorn.conf.py");
  assert.deepEqual(problems, []);
  parseConfigFile(toml, "r.toml"); // The server takes it.
  const { workers: _, bind, ...values } = parse(toml);
  return variables["bind"] === undefined ? values : { bind, ...values };
}

const problemsOf = (
  variables: Readonly<Record<string, unknown>>,
  environment: Readonly<Record<string, string>> = {},
): readonly string[] =>
  translate({ ...GIVEN, ...variables }, "gunicorn.conf.py", environment).problems;

describe("the table of gunicorn's settings", () => {
  it("has every setting and hook of gunicorn's own list, and no other", () => {
    assert.ok(typeof LIST === "object" && LIST !== null && "settings" in LIST);
    assert.ok(Array.isArray(LIST.settings));
    const names = LIST.settings.map((one: unknown) => {
      assert.ok(typeof one === "object" && one !== null && "name" in one);
      return String(one.name);
    });
    assert.ok(names.length > 100);
    assert.deepEqual(Object.keys(GUNICORN_SETTINGS).toSorted(), names.toSorted());
  });

  it("refers only to what has a reason of its own", () => {
    for (const [name, counterpart] of Object.entries(GUNICORN_SETTINGS)) {
      const text = counterpart.kind === "none" ? counterpart.why : "";
      const other = /^see `(\w+)`$/.exec(text)?.[1];
      if (other === undefined) continue;
      const there = GUNICORN_SETTINGS[other];
      assert.ok(there?.kind === "none" || there?.kind === "other", name);
    }
  });
});

describe("translate", () => {
  it("writes the application and the options, in units", () => {
    assert.deepEqual(
      valuesOf({
        wsgi_app: "mysite.wsgi:application",
        bind: ["0.0.0.0:8000", "unix:/run/a.sock", "fd://3", "[::1]:80", "127.0.0.1"],
        backlog: 100,
        threads: "4",
        timeout: 120,
        graceful_timeout: 10,
        keepalive: 5,
        max_requests: 1000,
        max_requests_jitter: 50,
        limit_request_line: 2000,
        limit_request_fields: 50,
        accesslog: "-",
        pidfile: "/run/a.pid",
        umask: 0o27,
        pythonpath: "lib, more",
        raw_env: ["A=1", "B=2"],
        chdir: "/srv",
        forwarded_allow_ips: ["127.0.0.1", "10.0.0.0/8"],
        proxy_protocol: true,
        reuse_port: true,
        preload_app: true,
        worker_class: "gthread",
      }),
      {
        application: "mysite.wsgi:application",
        bind: ["0.0.0.0:8000", "unix:/run/a.sock", "fd:3", "[::1]:80", "127.0.0.1:8000"],
        backlog: 100,
        threads: 4,
        "request-timeout": "2m",
        "graceful-timeout": "10s",
        "keep-alive-timeout": "5s",
        "max-requests": 1000,
        "max-requests-jitter": 50,
        "max-request-line": "2000B",
        "max-fields": 50,
        "access-log": "-",
        "pid-file": "/run/a.pid",
        "socket-mode": "0640",
        pythonpath: ["lib", "more"],
        env: ["A=1", "B=2"],
        chdir: "/srv",
        "forwarded-allow-ips": "127.0.0.1,10.0.0.0/8",
        "proxy-protocol": true,
        "reuse-port": true,
        preload: "auto",
      },
    );
  });

  it("says nothing of what is gunicorn's default or needs nothing", () => {
    const nothing = { daemon: false, spew: false, keyfile: null, loglevel: "info", raw_env: [] };
    assert.deepEqual(valuesOf({ ...nothing, worker_class: "sync", not_a_setting: 1 }), {});
  });

  it("logs no accesses where gunicorn was told so", () => {
    assert.deepEqual(valuesOf({ accesslog: null }), { "access-log": "off" });
  });

  it("takes where the server's own log goes, and from which level on", () => {
    const all = { errorlog: "/var/log/app.log", loglevel: "critical" };
    assert.deepEqual(valuesOf(all), { log: "/var/log/app.log", "log-level": "error" });
    assert.deepEqual(valuesOf({ errorlog: "-", loglevel: "WARNING" }), { "log-level": "warning" });
    assert.match(problemsOf({ loglevel: "loud" })[0] ?? "", /^loglevel: its value is none/);
  });

  it("makes room for a large field in the whole head", () => {
    assert.deepEqual(valuesOf({ limit_request_field_size: 65_536 }), {
      "max-field": "64KiB",
      "max-head": "64KiB",
    });
  });

  it("knows gunicorn's own format of the access log", () => {
    const format = '%(h)s %(l)s %(u)s %(t)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s"';
    assert.deepEqual(valuesOf({ access_log_format: format }), { "access-log-format": "combined" });
    assert.match(problemsOf({ access_log_format: "%(h)s" })[0] ?? "", /^access_log_format: its/);
  });

  it("takes 0 for off where it is, and says where it is not", () => {
    assert.deepEqual(valuesOf({ timeout: 0, max_requests: 0 }), {
      "request-timeout": 0,
      "max-requests": 0,
    });
    assert.match(problemsOf({ keepalive: 0 })[0] ?? "", /^keepalive: 0: connections are always/);
    assert.match(
      problemsOf({ limit_request_line: 0 })[0] ?? "",
      /^limit_request_line: 0 \(no limit/,
    );
  });

  it("says what has no counterpart, and why", () => {
    assert.deepEqual(
      problemsOf({
        worker_class: "uvicorn.workers.UvicornWorker",
        certfile: "a.pem",
        post_fork: { kind: "function" },
        daemon: true,
        timeout: "soon",
      }),
      [
        "worker_class: uvicorn.workers.UvicornWorker runs ASGI, which is not served",
        "certfile: no counterpart; TLS is for the proxy in front",
        'post_fork: no such option; with `preload = "off"` the code of the module, with `"on"` `os.register_at_fork(after_in_child=...)` in it',
        "daemon: no counterpart; it stays in the foreground: systemd or a container keeps it",
        "timeout: its value is none that gunicorn takes",
      ],
    );
    assert.match(problemsOf({ worker_class: "gevent" })[0] ?? "", /^worker_class: gevent: slow/);
  });

  it("tells how many workers there will be where the file does not say", () => {
    const { problems } = translate({}, "gunicorn.conf.py");
    assert.match(problems[0] ?? "", /^workers: not set, so gunicorn had 1 /);
  });

  it("tells where a proxy would not find the server, or might not enter", () => {
    const { problems } = translate({ workers: 1 }, "gunicorn.conf.py");
    assert.match(
      problems.join("\n"),
      /^bind: not set, so gunicorn listened at 127\.0\.0\.1:8000 .*8888$/,
    );
    const bind = ["127.0.0.1:8000", "unix:/run/a.sock"];
    assert.match(problemsOf({ bind }).join("\n"), /^bind: gunicorn lets everybody .*socket-mode/);
    assert.deepEqual(problemsOf({ bind, umask: 0o007 }), []);
  });

  it("takes the umask for what gunicorn has it for, the mode of its Unix socket", () => {
    const bind = ["unix:/run/a.sock"];
    for (const [umask, mode] of [
      [0, "0666"],
      [0o27, "0640"],
      ["0o22", "0644"],
      ["0x3f", "0600"],
      [" 18 ", "0644"],
      ["0", "0666"],
    ] as const)
      assert.deepEqual(valuesOf({ bind, umask }), { bind, "socket-mode": mode }, String(umask));
    // None that Python's int(text, 0) reads.
    for (const umask of ["022", "rwx", -1, 1.5])
      assert.match(problemsOf({ bind, umask })[0] ?? "", /^umask: its value is none that gunicorn/);
    assert.deepEqual(valuesOf({ umask: 0 }), {});
    assert.deepEqual(problemsOf({ umask: 0o22 }), [
      'umask: it was for a Unix socket alone, and none is named here; for one, write socket-mode = "0644"',
    ]);
  });

  it("tells what gunicorn took from the environment", () => {
    const environment = { FORWARDED_ALLOW_IPS: "10.0.0.0/8", SCRIPT_NAME: "/shop" };
    assert.deepEqual(problemsOf({}, environment), [
      'FORWARDED_ALLOW_IPS: it is set, and not read here; write forwarded-allow-ips = "10.0.0.0/8"',
      "SCRIPT_NAME: it is set, and not read here; have the proxy take the prefix off the path and send it as X-Forwarded-Prefix, or let a middleware do it",
    ]);
    assert.equal(problemsOf({ forwarded_allow_ips: "10.0.0.1" }, environment).length, 1);
    assert.match(
      problemsOf({ raw_env: ["A=1", "SCRIPT_NAME=/shop"] }, {})[0] ?? "",
      /^SCRIPT_NAME: /,
    );
    assert.deepEqual(problemsOf({ raw_env: ["SCRIPT_NAME="] }, { FORWARDED_ALLOW_IPS: "" }), []);
  });
});
