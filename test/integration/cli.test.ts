import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { ROOT, serverEnvironment, startServer, waitFor } from "../support/server.ts";

const LAUNCHER = join(ROOT, "bin/rickhouse");

const directory = realpathSync(mkdtempSync(join(tmpdir(), "rickhouse-cli-")));
after(() => rmSync(directory, { recursive: true }));

const APPS = {
  "good.py": `
import os

def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    names = [name for name in os.environ if name.startswith("RICKHOUSE")]
    return [f"{os.getcwd()} {names}".encode()]

def create_app():
    return app
`,
  "broken.py": "import a_module_that_nobody_has\n",
  "raising.py": 'raise RuntimeError("no database")\n',
};
mkdirSync(join(directory, "site"));
for (const [name, text] of Object.entries(APPS)) writeFileSync(join(directory, "site", name), text);

interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the launcher to its end. */
function rickhouse(args: readonly string[], env: Readonly<Record<string, string>> = {}): Outcome {
  return spawnSync(LAUNCHER, args, {
    cwd: directory,
    env: { ...serverEnvironment(), ...env },
    encoding: "utf8",
    timeout: 30_000,
    killSignal: "SIGKILL",
  });
}

function assertUsageError(outcome: Outcome, line: string): void {
  assert.deepEqual(
    { status: outcome.status, stdout: outcome.stdout, stderr: outcome.stderr },
    { status: 2, stdout: "", stderr: `${line}\n` },
  );
}

describe("rickhouse in a directory that is gone", () => {
  it("says so in one line", () => {
    mkdirSync(join(directory, "gone"));
    const script = 'cd gone && rmdir ../gone && exec "$0" check site/good:app 2>&1';
    const outcome = spawnSync("sh", ["-c", script, LAUNCHER], { cwd: directory, encoding: "utf8" });
    assert.equal(outcome.status, 2);
    assert.match(
      outcome.stdout,
      /(?:^|\n)rickhouse: the working directory is not there any more \(ENOENT\); [^\n]*\n$/,
    );
  });
});

describe("rickhouse --version and --help", () => {
  it("says the version of the package", () => {
    const manifest: unknown = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
    assert.ok(typeof manifest === "object" && manifest !== null && "version" in manifest);
    const { status, stdout, stderr } = rickhouse(["--version"]);
    assert.deepEqual([status, stdout, stderr], [0, `rickhouse ${String(manifest.version)}\n`, ""]);
  });

  it("shows the options on standard output", () => {
    const { status, stdout, stderr } = rickhouse(["--help"]);
    assert.equal(status, 0);
    assert.match(stdout, /^Usage: rickhouse /);
    assert.match(stdout, /--request-timeout TIME/);
    assert.equal(stderr, "");
  });
});

describe("a wrong command line is one line on stderr and status 2", () => {
  it("unknown option", () => {
    const line = "rickhouse: unknown option --worker; did you mean --workers?";
    assertUsageError(rickhouse(["--worker", "2", "site/good:app"]), line);
  });

  it("wrong value", () => {
    const line = "rickhouse: --bind 8888: no port; did you mean 127.0.0.1:8888?";
    assertUsageError(rickhouse(["site/good:app", "--bind", "8888"]), line);
  });

  it("no application", () => {
    assertUsageError(
      rickhouse([]),
      'rickhouse: no application named; write rickhouse [path/to/]module:callable, or application = "module:callable" in rickhouse.toml',
    );
  });

  it("a file in place of a module", () => {
    const reason = "a module is named without .py; did you mean site/good:app?";
    assertUsageError(
      rickhouse(["site/good.py:app"]),
      `rickhouse: application site/good.py:app: ${reason}`,
    );
  });

  it("no such interpreter", () => {
    assertUsageError(
      rickhouse(["--python", "./none", "site/good:app"]),
      "rickhouse: --python: ./none is not an executable file; name an interpreter, for example .venv/bin/python",
    );
  });

  it("no such directory", () => {
    assertUsageError(
      rickhouse(["--chdir", "none", "good:app"]),
      "rickhouse: --chdir none: no such directory; name a directory that exists",
    );
  });

  it("a broken active environment", () => {
    const { status, stderr } = rickhouse(["site/good:app"], { VIRTUAL_ENV: "/gone" });
    assert.equal(status, 2);
    assert.match(
      stderr,
      /^rickhouse: VIRTUAL_ENV: \/gone\/bin\/python is not an executable file; [^\n]+\n$/,
    );
  });
});

describe("an application that does not import is status 3", () => {
  it("shows the traceback and one line that names the error", () => {
    const { status, stdout, stderr } = rickhouse(["--bind", "127.0.0.1:0", "site/raising:app"]);
    assert.equal(status, 3, stderr);
    assert.equal(stdout, "");
    assert.match(
      stderr,
      /Traceback \(most recent call last\):[^]*raising\.py", line 1[^]*RuntimeError: no database/,
    );
    assert.match(stderr.trimEnd().split("\n").at(-1) ?? "", /^rickhouse: .*no database/);
  });

  for (const application of [
    "site/broken:app",
    "site/none:app",
    "site/good:none",
    "nowhere/good:app",
  ]) {
    it(`${application} ends in a line of ours`, () => {
      const { status, stderr } = rickhouse(["--bind", "127.0.0.1:0", application]);
      assert.equal(status, 3, stderr);
      assert.match(stderr.trimEnd().split("\n").at(-1) ?? "", /^rickhouse: .+; .+/);
    });
  }

  it("does the same in the workers, where nothing is imported first", () => {
    const { status, stderr } = rickhouse([
      "--preload",
      "off",
      "--bind",
      "127.0.0.1:0",
      "site/raising:app",
    ]);
    assert.equal(status, 3, stderr);
    assert.match(stderr, /RuntimeError: no database/);
  });
});

describe("an address that is taken is status 4", () => {
  it("names it in one line", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const address = other.address();
    assert.ok(typeof address === "object" && address !== null);
    const { status, stderr } = rickhouse(["--bind", `127.0.0.1:${address.port}`, "site/good:app"]);
    other.close();
    assert.equal(status, 4, stderr);
    assert.match(
      stderr,
      new RegExp(`^rickhouse: 127\\.0\\.0\\.1:${address.port} is in use; [^\\n]+\\n$`),
    );
  });

  it("names an address that this machine does not have", () => {
    // 192.0.2.0/24 is for documentation (RFC 5737): no machine has it.
    const { status, stderr } = rickhouse(["--bind", "192.0.2.1:8888", "site/good:app"]);
    assert.equal(status, 4, stderr);
    assert.match(stderr, /^rickhouse: 192\.0\.2\.1:8888 is no address of this machine; [^\n]+\n$/);
  });
});

describe("a started server", () => {
  it("is the process that was started, and ends with status 0", async () => {
    const server = await startServer(join(directory, "site/good:create_app()"));
    const banner = server.stderr;
    await server.stop();
    assert.match(banner, new RegExp(`process ${server.pid}\\b`));
  });

  it("runs the application in --chdir, with the environment of the user and nothing of ours", async () => {
    await using server = await startServer("./good:app", {
      args: ["--chdir", join(directory, "site")],
    });
    const response = await fetch(server.url);
    assert.equal(await response.text(), `${join(directory, "site")} []`);
  });

  it("finds `application` or `app` when no callable is named", async () => {
    await using server = await startServer(join(directory, "site/good"));
    assert.equal((await fetch(server.url)).status, 200);
  });

  it("writes a line for each request to the file of --access-log", async () => {
    const log = join(directory, "access.log");
    await using server = await startServer(join(directory, "site/good:app"), {
      args: ["--access-log", log],
    });
    await (await fetch(`${server.url}/one`)).text();
    await waitFor("the line", () => readFileSync(log, "utf8").endsWith("\n"));
    assert.match(
      readFileSync(log, "utf8"),
      /^[^\n]*"method":"GET","target":"\/one","status":200[^\n]*\n$/,
    );
  });
});
