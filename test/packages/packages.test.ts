// The packages for npm and for pip, as their users get them: built here, installed into empty directories, served from. What the frameworks'
// own starters make is served from both, and from the checkout.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { type CommandOptions, mustRun, run, serveOnce } from "../support/command.ts";
import { freePort } from "../support/free-ports.ts";
import { ROOT } from "../support/server.ts";
import { makeStarters, type Starter } from "../support/starters.ts";

const BIND = ["--bind", "127.0.0.1:0", "--access-log", "off", "--workers", "1"];
const PLAIN = `
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"plain"]
`;
/** Answers the command line of the front: the parent of the parent of a worker. */
const FRONT = `
import os


def app(environ, start_response):
    with open(f"/proc/{os.getppid()}/stat") as stat:
        front = stat.read().rpartition(")")[2].split()[1]
    with open(f"/proc/{front}/cmdline") as words:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [words.read().replace("\\0", " ").encode()]
`;
const FLASK = `
import rickhouse
from flask import Flask

app = Flask(__name__)


@app.route("/")
def root():
    return "flask"


if __name__ == "__main__":
    rickhouse.serve(app, bind=["127.0.0.1:0"], workers=1, access_log="off")
`;

const directory = mkdtempSync(join(tmpdir(), "rickhouse-packages-"));

function build(): { tarball: string; wheel: string; hashes: string[] } {
  mustRun(join(ROOT, "scripts/with-node"), [join(ROOT, "scripts/build.ts")], { cwd: ROOT });
  const [wheel = "", tarball = "", ...others] = ["build/*.whl", "build/*.tgz"]
    .flatMap((pattern) => globSync(pattern, { cwd: ROOT }))
    .map((file) => join(ROOT, file));
  assert.deepEqual(others, []);
  const hashes = [wheel, tarball].map((file) =>
    createHash("sha256").update(readFileSync(file)).digest("hex"),
  );
  return { tarball, wheel, hashes };
}

/** What the status of the server that `command` starts says of its sockets. */
async function socketsOf(
  command: string,
  application: string,
  options: CommandOptions,
): Promise<unknown> {
  const admin = `127.0.0.1:${await freePort()}`;
  const args = [...BIND, "--admin", admin, application];
  const { text } = await serveOnce(command, args, options, [`http://${admin}/status`]);
  const status: unknown = JSON.parse(text);
  assert.ok(typeof status === "object" && status !== null && "sockets" in status);
  return status.sockets;
}

const SOCKETS = process.platform === "linux" ? "direct" : "node";

describe("packages", () => {
  let built: ReturnType<typeof build>;
  /** Of the environment that the wheel is installed into. */
  const venv = join(directory, "venv");
  let starters: readonly Starter[];

  before(() => {
    built = build();
    mustRun("python3", ["-m", "venv", venv], { cwd: directory });
    const pip = ["-m", "pip", "--disable-pip-version-check", "install", "--quiet"];
    const frameworks = ["--requirement", join(ROOT, "examples/requirements.txt")];
    const python = join(venv, "bin/python");
    mustRun(python, [...pip, built.wheel, ...frameworks], { cwd: directory });
    starters = makeStarters(join(directory, "projects"), python);
  });

  /** Serves each project where it lies, in the environment that is active there. */
  async function serveStarters(command: string, env: NodeJS.ProcessEnv): Promise<void> {
    assert.equal(starters.length, 3);
    for (const { name, directory: cwd, application, pages, log } of starters) {
      const options: CommandOptions = { cwd, env: { ...env, VIRTUAL_ENV: venv } };
      const paths = pages.map(({ path }) => path);
      const served = await serveOnce(command, [...BIND, application], options, paths);
      for (const [index, { path, status, text }] of pages.entries()) {
        const answer = served.answers[index];
        assert.equal(answer?.status, status, `${name}${path}`);
        assert.match(answer.text, text, `${name}${path}`);
      }
      assert.equal(served.end, 0, name);
      assert.match(served.log, log ?? /^/, name);
    }
  }

  it("are not needed: a checkout serves what the frameworks' starters make", async () => {
    await serveStarters(join(ROOT, "bin/rickhouse"), process.env);
  });

  after(() => {
    rmSync(directory, { recursive: true });
  });

  it("are the same bytes when they are built again", () => {
    assert.deepEqual(build().hashes, built.hashes);
  });

  it("have the sizes that the page says, within a tenth", () => {
    const page = readFileSync(join(ROOT, "docs/packages.md"), "utf8");
    for (const [file, pattern] of [
      [built.tarball, /(\d+) KiB for npm/],
      [built.wheel, /(\d+) KiB for pip/],
    ] as const) {
      const said = Number(pattern.exec(page)?.[1]);
      const kib = statSync(file).size / 1024;
      assert.ok(Math.abs(said - kib) <= kib / 10, `${file}: ${kib} KiB, docs/packages.md: ${said}`);
    }
  });

  it("hold what they need and nothing else", () => {
    const inTarball = mustRun("tar", ["tzf", built.tarball], { cwd: ROOT }).trim().split("\n");
    const allowed =
      /^package\/(?:bin\/(?:rickhouse|(?:find-node|as-process-1)\.sh)|dist\/(?:page\/)?[\w-]+\.js|dist\/page\/(?:index\.html|page\.css|icon\.svg)|python\/src\/rickhouse\/\w+\.py|package\.json|README\.md|LICENSE|CHANGELOG\.md)$/;
    assert.deepEqual(
      inTarball.filter((name) => !allowed.test(name) || name.includes(".test.")),
      [],
    );
    const inWheel = mustRun("python3", ["-m", "zipfile", "-l", built.wheel], { cwd: ROOT });
    assert.match(inWheel, /rickhouse\/server\/dist\/main\.js/);
    assert.match(inWheel, /rickhouse\/server\/dist\/page\/index\.html/);
    assert.match(inWheel, /rickhouse\/server\/python\/src\/rickhouse\/zygote\.py/);
    assert.doesNotMatch(inWheel, /\.d\.ts|\.map|\.test\.|__pycache__|\/\.bin\//);
  });

  describe("for npm", () => {
    const place = join(directory, "npm");

    before(() => {
      mkdirSync(place);
      writeFileSync(join(place, "package.json"), "{}");
      writeFileSync(join(place, "plain.py"), PLAIN);
      mustRun("npm", ["install", "--silent", "--no-audit", "--no-fund", built.tarball], {
        cwd: place,
      });
    });

    it("serves by npx rickhouse", async () => {
      const path = [dirname(process.execPath), process.env["PATH"]].join(delimiter);
      const env = { ...process.env, PATH: path };
      const served = await serveOnce("npx", ["rickhouse", ...BIND, "plain:app"], {
        cwd: place,
        env,
      });
      assert.equal(served.text, "plain");
    });

    it("serves by its command, which is the server's own process", async () => {
      const path = [dirname(process.execPath), process.env["PATH"]].join(delimiter);
      const env = { ...process.env, PATH: path };
      const command = join(place, "node_modules/.bin/rickhouse");
      const served = await serveOnce(command, [...BIND, "plain:app"], { cwd: place, env });
      assert.deepEqual([served.text, served.end], ["plain", 0]);
    });

    it("brings what direct sockets need", async () => {
      const PATH = [dirname(process.execPath), process.env["PATH"]].join(delimiter);
      const options = { cwd: place, env: { ...process.env, PATH } };
      const command = join(place, "node_modules/.bin/rickhouse");
      assert.equal(await socketsOf(command, "plain:app", options), SOCKETS);
    });

    it("serves by the Node that npm has installed with it, whatever is in PATH", async (context) => {
      if (!existsSync(join(place, "node_modules/.bin/node"))) {
        context.skip("package.json names no Node for this machine");
        return;
      }
      const env = { ...process.env, PATH: "/usr/bin:/bin" };
      const command = join(place, "node_modules/.bin/rickhouse");
      const print = ["-c", "import sys; print(sys.executable)"];
      const python = ["--python", mustRun("python3", print, { cwd: place }).trim()];
      const served = await serveOnce(command, [...BIND, ...python, "plain:app"], {
        cwd: place,
        env,
      });
      assert.deepEqual([served.text, served.end], ["plain", 0]);
    });

    it("serves what the frameworks' starters make", async () => {
      const path = [dirname(process.execPath), process.env["PATH"]].join(delimiter);
      await serveStarters(join(place, "node_modules/.bin/rickhouse"), {
        ...process.env,
        PATH: path,
      });
    });

    it("serves the live page, as JavaScript that finds its parts", async () => {
      const carried = readdirSync(join(place, "node_modules/rickhouse/dist/page"));
      const origin = `http://127.0.0.1:${await freePort()}`;
      const urls = ["/", ...carried.map((name) => `/page/${name}`)].map((name) => origin + name);
      const PATH = [dirname(process.execPath), process.env["PATH"]].join(delimiter);
      const options = { cwd: place, env: { ...process.env, PATH } };
      const command = join(place, "node_modules/.bin/rickhouse");
      const args = [...BIND, "--admin", origin.slice("http://".length), "plain:app"];
      const { answers } = await serveOnce(command, args, options, urls);
      const good = answers.filter(({ status }) => status === 200);
      const files = new Map(good.map((answer) => [answer.path.slice(origin.length), answer.text]));
      const texts = [...files.values()].join("\n");
      const named = texts.matchAll(/(?:src|href)="(page\/[^"]+)"|from "\.\/([^"]+)"/g);
      const paths = [...named].map(([, path, part]) => `/${path ?? `page/${part}`}`);
      assert.ok(paths.includes("/page/main.js") && paths.length > 10, paths.join(" "));
      assert.deepEqual(
        paths.filter((path) => !files.has(path)),
        [],
      );
    });

    it("says what it needs where Node is too old", (context) => {
      rmSync(join(place, "node_modules/.bin/node"), { force: true });
      const old = oldNode();
      if (old === undefined) {
        context.skip("no Node older than 22.18 in PATH");
        return;
      }
      const env = { ...process.env, PATH: `${dirname(old)}:/usr/bin:/bin` };
      const command = join(place, "node_modules/.bin/rickhouse");
      const { status, output } = run(command, ["plain:app"], { cwd: place, env });
      assert.equal(status, 2);
      assert.match(
        output,
        /^rickhouse: needs Node 22\.18 or newer, \S+ is v\d+[.\d]+; put a newer node in PATH\n$/,
      );
    });
  });

  describe("for pip", () => {
    const place = join(directory, "pip");
    const bin = join(venv, "bin");
    // As on a machine without any Node.
    const env = { ...process.env, PATH: "/usr/bin:/bin", VIRTUAL_ENV: "" };

    before(() => {
      mkdirSync(place);
      writeFileSync(join(place, "flask_app.py"), FLASK);
    });

    it("serves by the command rickhouse", async () => {
      const served = await serveOnce(join(bin, "rickhouse"), [...BIND, "flask_app:app"], {
        cwd: place,
        env,
      });
      assert.deepEqual([served.text, served.end], ["flask", 0]);
    });

    it("brings what direct sockets need", async () => {
      const options = { cwd: place, env };
      assert.equal(await socketsOf(join(bin, "rickhouse"), "flask_app:app", options), SOCKETS);
    });

    it("serves what the frameworks' starters make", async () => {
      await serveStarters(join(bin, "rickhouse"), env);
    });

    it("is started as from a checkout, also as process 1 of a container", async (context) => {
      const namespace = ["--pid", "--fork", "--mount-proc", "--kill-child"];
      if (run("unshare", [...namespace, "true"], { cwd: place }).status !== 0) {
        context.skip("no pid namespace may be made here");
        return;
      }
      writeFileSync(join(place, "front.py"), FRONT);
      const command = [...namespace, join(bin, "rickhouse"), ...BIND, "front:app"];
      const served = await serveOnce("unshare", command, { cwd: place, env });
      assert.match(served.text, /^\S+\/node --max-semi-space-size=4 /);
      assert.doesNotMatch(served.log, /process 1\)/);
    });

    it("serves by python -m rickhouse", async () => {
      const args = ["-m", "rickhouse", ...BIND, "flask_app:app"];
      const served = await serveOnce(join(bin, "python"), args, { cwd: place, env });
      assert.deepEqual([served.text, served.end], ["flask", 0]);
    });

    it("serves by rickhouse.serve(app) of a program, from any directory", async () => {
      const args = [join(place, "flask_app.py")];
      const served = await serveOnce(join(bin, "python"), args, { cwd: directory, env });
      assert.deepEqual([served.text, served.end], ["flask", 0]);
      assert.match(served.log, /1 worker/);
    });

    it("serves by rickhouse.serve(app) of a module run with -m", async () => {
      const served = await serveOnce(join(bin, "python"), ["-m", "flask_app"], { cwd: place, env });
      assert.deepEqual([served.text, served.end], ["flask", 0]);
    });

    it("says what is wrong when the workers could not find the application, or an option is none", () => {
      const program = "import rickhouse; rickhouse.serve(lambda *a: [])";
      const unnamed = run(join(bin, "python"), ["-c", program], { cwd: place, env });
      assert.match(
        unnamed.output,
        /ValueError: rickhouse\.serve: the application is no global variable/,
      );
      const wrong = 'import rickhouse; rickhouse.serve("flask_app:app", wrokers=1)';
      const { status, output } = run(join(bin, "python"), ["-c", wrong], { cwd: place, env });
      assert.equal(status, 2);
      assert.match(output, /--wrokers.*--workers/);
    });
  });
});

/** The first node in PATH that is too old to run TypeScript. */
function oldNode(): string | undefined {
  return (process.env["PATH"] ?? "")
    .split(delimiter)
    .map((place) => join(place, "node"))
    .find((node) => {
      if (!existsSync(node)) return false;
      const [, major = "0"] = /^v(\d+)/.exec(run(node, ["--version"], { cwd: ROOT }).output) ?? [];
      return Number(major) < 22;
    });
}
