import assert from "node:assert/strict";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { type Loaded, loadConfig, loadConfigAlone } from "./load.ts";
import type { OptionName } from "./options.ts";
import { StartupError } from "./startup-error.ts";

const directory = realpathSync(mkdtempSync(join(tmpdir(), "rickhouse-load-")));
after(() => rmSync(directory, { recursive: true }));

mkdirSync(join(directory, "bin"));
mkdirSync(join(directory, "site/python3"), { recursive: true });
const python = join(directory, "bin/python3");
writeFileSync(join(directory, "bin/real"), "#!/bin/sh\n");
chmodSync(join(directory, "bin/real"), 0o755);
symlinkSync("real", python);
writeFileSync(join(directory, "plain"), "");
writeFileSync(join(directory, "latin1.toml"), Buffer.from([0x23, 0xe9]));
mkdirSync(join(directory, "configured"));
writeFileSync(
  join(directory, "configured/rickhouse.toml"),
  'application = "site.wsgi"\nthreads = 2\nbacklog = 7\nmax-body = "1KiB"\nchdir = "../site"\n',
);

const PATH = join(directory, "bin");

interface Case {
  readonly options?: Partial<Record<OptionName, string>>;
  readonly application?: string;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly from?: string;
}

function invocationOf({ options = {}, application, environment = {}, from = directory }: Case) {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Case has these keys only
  const entries = Object.entries(options) as [OptionName, string][];
  return {
    raw: new Map(entries.map(([name, text]) => [name, [text]] as const)),
    application,
    environment: { PATH, ...environment },
    directory: from,
  };
}

const load = (one: Case): Loaded => loadConfig(invocationOf({ application: "app", ...one }));

function message(one: Case): string {
  try {
    load(one);
  } catch (error) {
    if (error instanceof StartupError) return error.message;
    throw error;
  }
  assert.fail("was taken");
}

describe("loadConfig", () => {
  it("reads the working directory, PATH and the limit of the launcher", () => {
    const { config, application, workingDirectory } = load({
      application: "site/app:app",
      environment: { RICKHOUSE_INTERNAL_NOFILE: "1024" },
    });
    assert.equal(workingDirectory, directory);
    assert.equal(application.directory, join(directory, "site"));
    assert.equal(config.softFileLimit, 1024);
    assert.ok(config.workers.min >= 1);
  });

  it("counts paths from --chdir, which counts from where the server was started", () => {
    const loaded = load({ options: { chdir: "site" } });
    assert.equal(loaded.workingDirectory, join(directory, "site"));
    assert.equal(loaded.application.directory, join(directory, "site"));
    // Nothing beside it, so it comes from PATH, by the name of its link.
    assert.equal(loaded.config.python, python);
  });

  it("knows no limit where the launcher names none", () => {
    for (const limit of [undefined, "unlimited"]) {
      const { config } = load({ environment: { RICKHOUSE_INTERNAL_NOFILE: limit } });
      assert.equal(config.softFileLimit, null);
    }
  });

  it("refuses a --chdir that is no directory, and names where it was given", () => {
    for (const path of [join(directory, "none"), "plain"]) {
      assert.equal(
        message({ options: { chdir: path } }),
        `--chdir ${path}: no such directory; name a directory that exists`,
      );
    }
    assert.match(
      message({ environment: { RICKHOUSE_CHDIR: "none" } }),
      /^RICKHOUSE_CHDIR=none: no such directory/,
    );
  });

  it("says of directories that they cannot be looked at, where the system does not tell", () => {
    symlinkSync("round", join(directory, "round"));
    const rest =
      "cannot be looked at (ELOOP); let the server's user enter the directories on the way there, or mend their file system";
    assert.equal(message({ options: { chdir: "round" } }), `--chdir round: ${rest}`);
    assert.equal(message({ options: { pythonpath: "round" } }), `--pythonpath round: ${rest}`);
    mkdirSync(join(directory, "looping"));
    const file = join(directory, "looping/rickhouse.toml");
    symlinkSync("rickhouse.toml", file);
    assert.equal(message({ from: join(directory, "looping") }), `${file}: ${rest}`);
  });

  it("takes no directory and no plain file for an interpreter", () => {
    for (const path of ["site/python3", "plain", "none"]) {
      assert.match(message({ options: { python: `./${path}` } }), /is not an executable file/);
    }
  });

  it("refuses a --pythonpath that is no directory", () => {
    assert.deepEqual(load({ options: { pythonpath: "site" } }).config.pythonpath, ["site"]);
    assert.equal(
      message({ environment: { RICKHOUSE_PYTHONPATH: "site, none" } }),
      "RICKHOUSE_PYTHONPATH=none: no such directory; name a directory that exists",
    );
  });

  it("says that FORWARDED_ALLOW_IPS is not read, unless it is known whom to believe", () => {
    const environment = { FORWARDED_ALLOW_IPS: "10.0.0.1" };
    assert.deepEqual(load({ environment }).warnings, [
      "FORWARDED_ALLOW_IPS is not read, and no proxy is trusted; write --forwarded-allow-ips PEERS or RICKHOUSE_FORWARDED_ALLOW_IPS=PEERS",
    ]);
    assert.deepEqual(load({ environment: { FORWARDED_ALLOW_IPS: "" } }).warnings, []);
    const options = { forwardedAllowIps: "none" };
    assert.deepEqual(load({ environment, options }).warnings, []);
    const both = { ...environment, RICKHOUSE_FORWARDED_ALLOW_IPS: "10.0.0.2" };
    assert.deepEqual(load({ environment: both }).warnings, []);
  });

  it("needs an application", () => {
    assert.throws(() => loadConfig(invocationOf({})), new StartupError("no-application", {}));
  });
});

describe("rickhouse.toml", () => {
  const from = join(directory, "configured");

  it("is found in the working directory, before --chdir", () => {
    const { config, file, workingDirectory, named, application } = loadConfig(
      invocationOf({ from }),
    );
    assert.deepEqual([config.threads, config.backlog, config.maxBodyBytes], [2, 7, 1024]);
    assert.equal(file, "rickhouse.toml");
    assert.equal(workingDirectory, join(directory, "site"));
    assert.equal(named.text, "site.wsgi");
    assert.equal(application.module, "site.wsgi");
  });

  it("gives way to the environment, and that to the command line", () => {
    const environment = { RICKHOUSE_THREADS: "3", RICKHOUSE_BACKLOG: "8", RICKHOUSE_CHDIR: "." };
    const { config, given } = load({ from, environment, options: { threads: "4" } });
    assert.deepEqual([config.threads, config.backlog, config.maxBodyBytes], [4, 8, 1024]);
    assert.deepEqual(given.get("threads")?.origin, { kind: "flag", flag: "--threads" });
    assert.deepEqual(given.get("backlog")?.origin, {
      kind: "variable",
      variable: "RICKHOUSE_BACKLOG",
    });
    assert.deepEqual(given.get("maxBodyBytes")?.origin, {
      kind: "file",
      path: "rickhouse.toml",
      line: 4,
      key: "max-body",
    });
  });

  it("names the application last: argument, RICKHOUSE_APPLICATION, file", () => {
    const environment = { RICKHOUSE_APPLICATION: "of.environment" };
    assert.equal(load({ from, environment }).named.text, "app");
    const { named } = loadConfig(invocationOf({ from, environment }));
    assert.equal(named.text, "of.environment");
    assert.equal(named.origin?.kind, "variable");
  });

  it("is read from elsewhere by --config, or not at all", () => {
    const named = load({ options: { config: "configured/rickhouse.toml", chdir: "." } });
    assert.deepEqual([named.config.threads, named.file], [2, "configured/rickhouse.toml"]);
    const off = load({ from, options: { config: "off" } });
    assert.deepEqual([off.config.threads, off.file], [1, undefined]);
    assert.equal(load({ options: { config: "auto" } }).file, undefined);
  });

  it("is missed where a link leads nowhere", () => {
    const dangling = join(directory, "dangling");
    mkdirSync(dangling);
    symlinkSync("gone.toml", join(dangling, "rickhouse.toml"));
    assert.equal(
      message({ from: dangling }),
      "rickhouse.toml: a link to what is not there; mend the link, or remove it",
    );
  });

  it("says in one line why a file cannot be read", () => {
    for (const [config, expected] of [
      ["none.toml", "no such file; name a TOML file that can be read"],
      ["site", "cannot be read (EISDIR); name a TOML file that can be read"],
      ["latin1.toml", "not UTF-8; save it as UTF-8"],
      [
        "gunicorn.conf.py",
        "not a TOML file; rickhouse from-gunicorn gunicorn.conf.py -o rickhouse.toml makes one of it",
      ],
      [
        "uwsgi.ini",
        "not a TOML file; write the options into rickhouse.toml; rickhouse --help all lists them",
      ],
    ] as const) {
      assert.equal(message({ options: { config } }), `--config ${config}: ${expected}`);
    }
    assert.match(
      message({ environment: { RICKHOUSE_CONFIG: "none" } }),
      /^RICKHOUSE_CONFIG=none: no such file/,
    );
  });
});

describe("loadConfigAlone", () => {
  it("needs no application", () => {
    const { config, named } = loadConfigAlone(invocationOf({ options: { threads: "2" } }));
    assert.deepEqual([config.threads, named], [2, undefined]);
  });

  it("tells the one that was named", () => {
    assert.equal(loadConfigAlone(invocationOf({ application: "x:y" })).named?.text, "x:y");
  });
});
