// npm run build: the two packages, from the same built JavaScript, into build/: rickhouse-VERSION.tgz for npm and
// rickhouse-VERSION-py3-none-any.whl for pip.
// Reproducible: the same sources give the same bytes.

import {
  cpSync,
  globSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, join, relative } from "node:path";
import { buildJavaScript, packInto, run } from "./javascript.ts";
import { runScript, SetupError, setUpEnvironment } from "./python-environment.ts";

const ROOT = join(import.meta.dirname, "..");
const BUILD = join(ROOT, "build");
const DIST = join(ROOT, "dist");
const STAGE = join(BUILD, "wheel");
const SERVER = join(STAGE, "src/rickhouse/server");

/** What packages of others carry for their own developers. Licences stay. */
const NOT_NEEDED =
  /\.(?:d\.[cm]?ts|ts|map|markdown|md|ya?ml|tgz)$|\/(?:test|tests|docs|benchmarks|examples|\.github)\//;
const LICENSE = /licen[cs]e/i;
/** By its name, or by its place in a lock file. */
const NODE_PACKAGE = /^(?:node_modules\/)?node-(?:bin|linux)-/;

function main(): void {
  rmSync(BUILD, { recursive: true, force: true });
  mkdirSync(BUILD);
  buildJavaScript();
  packInto(BUILD);
  buildWheel();
  for (const file of globSync("*.{tgz,whl}", { cwd: BUILD })) {
    const kib = Math.ceil(statSync(join(BUILD, file)).size / 1024);
    process.stdout.write(`build/${file} ${kib} KiB\n`);
  }
}

/** Lays packaging/wheel out beside the server that it starts, and has Python's own tool build it. */
function buildWheel(): void {
  const python = setUpEnvironment({
    directory: "node_modules/.venv-build",
    requirements: "scripts/requirements-build.txt",
    contents: "build, hatchling",
    minimum: [3, 10],
  });
  cpSync(join(ROOT, "packaging/wheel"), STAGE, { recursive: true, filter: isSource });
  for (const file of ["README.md", "LICENSE"]) cpSync(join(ROOT, file), join(STAGE, file));
  cpSync(DIST, join(SERVER, "dist"), { recursive: true });
  const pythonSide = "python/src/rickhouse";
  cpSync(join(ROOT, pythonSide), join(SERVER, pythonSide), { recursive: true, filter: isSource });
  const process1 = "bin/as-process-1.sh";
  cpSync(join(ROOT, process1), join(SERVER, process1));
  const { name, version, type } = manifest();
  writeFileSync(join(SERVER, "package.json"), `${JSON.stringify({ name, version, type })}\n`);
  installDependencies();
  run(python, ["-m", "build", "--wheel", "--no-isolation", "--outdir", BUILD, STAGE]);
  rmSync(STAGE, { recursive: true });
}

function isSource(path: string): boolean {
  return basename(path) !== "__pycache__";
}

function manifest(): Record<string, unknown> {
  const parsed: unknown = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  if (typeof parsed !== "object" || parsed === null) throw new SetupError("package.json is broken");
  return { ...parsed };
}

/** Whose system calls the server makes directly, if the package for that machine is there (docs/decisions/036-direct-sockets.md). */
const PROCESSORS = ["x64", "arm64"];

/** What the server needs at run time, as the lock file has it; what is for one kind of machine, for each. */
function installDependencies(): void {
  for (const cpu of PROCESSORS) {
    const place = join(BUILD, `dependencies-${cpu}`);
    mkdirSync(place);
    for (const file of ["package.json", "package-lock.json"])
      writeFileSync(join(place, file), withoutNode(readFileSync(join(ROOT, file), "utf8")));
    cpSync(join(ROOT, ".npmrc"), join(place, ".npmrc"));
    const only = ["--omit=dev", "--os=linux", `--cpu=${cpu}`];
    run("npm", ["ci", "--silent", ...only, "--ignore-scripts", "--no-audit", "--no-fund"], place);
    copyModules(join(place, "node_modules"));
    rmSync(place, { recursive: true });
  }
  // These have none of their own.
  cpSync(
    join(ROOT, "node_modules/koffi/LICENSE.txt"),
    join(SERVER, "node_modules/@koromix/LICENSE.txt"),
  );
}

/** pip brings a Node of its own: the packages of npm that hold one are taken out of a manifest, or of a lock file. */
function withoutNode(json: string): string {
  return JSON.stringify(
    JSON.parse(json, (_, value: unknown) => {
      if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
      return Object.fromEntries(Object.entries(value).filter(([key]) => !NODE_PACKAGE.test(key)));
    }),
  );
}

function copyModules(modules: string): void {
  cpSync(modules, join(SERVER, "node_modules"), {
    recursive: true,
    filter: (path) => {
      const inside = `/${relative(modules, path)}`;
      if (/^\/\.(?:bin|package-lock\.json)/.test(inside)) return false;
      return (
        LICENSE.test(basename(path)) || !NOT_NEEDED.test(isDirectory(path) ? `${inside}/` : inside)
      );
    },
  });
}

function isDirectory(path: string): boolean {
  return statSync(path).isDirectory();
}

runScript("build", main);
