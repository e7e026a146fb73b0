// Makes a Python virtual environment in the checkout with pinned packages, once: a stamp says for what it was made, and an interrupted
// one is made again. Every thing that can be missing has one clear line (SetupError).

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "..");

/** Written before anything else with UNFINISHED, and last with what the environment was made for. */
const STAMP = "rickhouse-setup.txt";
const UNFINISHED = "unfinished";

export class SetupError extends Error {}

/** A script named `name`: a SetupError ends it with one line and status 2. */
export function runScript(name: string, main: () => void): void {
  try {
    main();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    process.stderr.write(`${name}: ${error.message}\n`);
    process.exitCode = 2;
  }
}

export interface Environment {
  /** Both relative to the checkout. */
  readonly directory: string;
  readonly requirements: string;
  /** For the progress line. */
  readonly contents: string;
  /** The oldest Python that the packages run on. */
  readonly minimum: readonly [major: number, minor: number];
}

/** The environment of the examples, which the integration tests run too. Returns the path of its interpreter. */
export function setUpExamples(): string {
  return setUpEnvironment({
    directory: ".venv",
    requirements: "examples/requirements.txt",
    contents: "Flask, Django, Pyramid",
    minimum: [3, 10],
  });
}

/** With prometheus_client, for figures of an application. Returns the path of its interpreter. */
export function setUpFigures(): string {
  return setUpEnvironment({
    directory: "node_modules/.venv-figures",
    requirements: "test/requirements-figures.txt",
    contents: "prometheus_client",
    minimum: [3, 9],
  });
}

/** With the servers and frameworks of the benchmark that need no compiler. Returns the path of its interpreter. */
export function setUpPeers(): string {
  return setUpEnvironment({
    directory: "bench/.venv",
    requirements: "bench/requirements.txt",
    contents: "Granian, gunicorn, waitress, Flask, Django, Pyramid",
    minimum: [3, 10],
  });
}

/** Returns the path of its interpreter. */
export function setUpEnvironment(environment: Environment): string {
  const directory = join(ROOT, environment.directory);
  const python = join(directory, "bin/python");
  const stamp = join(directory, STAMP);
  const hash = createHash("sha256")
    .update(readFileSync(join(ROOT, environment.requirements)))
    .digest("hex");
  const made = read(stamp);
  const version = runningVersion(python);
  if (version !== undefined && made === `${hash} ${version}\n`) return python;

  const base = findPython(environment);
  const startMs = performance.now();
  process.stdout.write(`setting up ${environment.directory}: ${environment.contents} ...`);
  try {
    // What we made is made anew; an environment that somebody else made here, and that works, is kept and added to.
    const isOurs = made !== undefined;
    if (isOurs || version === undefined) rmSync(directory, { recursive: true, force: true });
    mkdirSync(directory, { recursive: true });
    writeFileSync(stamp, UNFINISHED);
    if (isOurs || version === undefined) makeEnvironment(base, directory);
    installPackages(python, environment);
    writeFileSync(stamp, `${hash} ${runningVersion(python)}\n`);
  } catch (error) {
    process.stdout.write("\n");
    throw error;
  }
  process.stdout.write(
    ` done in ${Math.max(1, Math.round((performance.now() - startMs) / 1000))} s\n`,
  );
  return python;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined; // Not made yet.
  }
}

/** `3.11.7`, or undefined where this is no working Python. */
function runningVersion(python: string): string | undefined {
  const { status, stdout } = spawnSync(
    python,
    ["-c", "import platform; print(platform.python_version())"],
    {
      encoding: "utf8",
    },
  );
  return status === 0 ? stdout.trim() : undefined;
}

/** `python3` is what the user means by Python; only where it is too old, others are looked for. */
function findPython({ minimum, contents }: Environment): string {
  const wanted = minimum.join(".");
  let found: string | undefined;
  for (const name of [
    "python3",
    "python3.13",
    "python3.12",
    "python3.11",
    "python3.10",
    "python3.9",
  ]) {
    const version = runningVersion(name);
    if (version === undefined) continue;
    if (isAtLeast(version, minimum)) return name;
    found ??= `${name} is ${version}`;
  }
  if (found === undefined)
    throw new SetupError(`no python3 in PATH; install Python ${wanted} or newer`);
  throw new SetupError(`${contents} need Python ${wanted} or newer, ${found}; install a newer one`);
}

function isAtLeast(version: string, [major, minor]: Environment["minimum"]): boolean {
  const [actualMajor = 0, actualMinor = 0] = version.split(".").map(Number);
  return actualMajor > major || (actualMajor === major && actualMinor >= minor);
}

function makeEnvironment(base: string, directory: string): void {
  const { status, stdout, stderr } = spawnSync(base, ["-m", "venv", directory], {
    encoding: "utf8",
  });
  if (status === 0) return;
  const said = `${stdout}${stderr}`;
  if (/ensurepip|No module named '?venv/.test(said)) {
    throw new SetupError(
      `${base} has no working venv module; install it (Debian, Ubuntu: apt install python3-venv)`,
    );
  }
  throw new SetupError(`${base} -m venv ${directory} failed: ${lastLines(said)}`);
}

function installPackages(python: string, { requirements, directory }: Environment): void {
  // --no-deps: the file names everything, and nothing else comes in.
  const pip = [
    "-m",
    "pip",
    "--disable-pip-version-check",
    "--no-input",
    "install",
    "--quiet",
    "--no-deps",
  ];
  const { status, stdout, stderr } = spawnSync(
    python,
    [...pip, "--requirement", join(ROOT, requirements)],
    {
      encoding: "utf8",
    },
  );
  if (status === 0) return;
  throw new SetupError(
    `pip could not install ${requirements} into ${directory}: ${lastLines(`${stdout}${stderr}`)}`,
  );
}

function lastLines(text: string): string {
  const lines = text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
  return lines.slice(-3).join(" | ");
}
