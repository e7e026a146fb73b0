// Runs the Python tests on every interpreter that we promise and that this machine has; one that is missing is skipped, and said.

import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { add, NOTHING, type Tally } from "./tally.ts";

/** Oldest, the one most systems have, newest. */
const VERSIONS = ["3.9", "3.11", "3.13"] as const;

const TIMEOUT_MS = 600_000;

export function runPythonTests(root: string): Tally {
  let all = NOTHING;
  const interpreters = findInterpreters();
  for (const version of VERSIONS) {
    if (interpreters.has(version)) continue;
    process.stdout.write(`skipped python/tests on Python ${version}: not on this machine\n`);
    all = add(all, { passed: 0, failed: 0, skipped: 1 });
  }
  for (const [version, python] of interpreters) all = add(all, runOn(version, python, root));
  return all;
}

/** By version; where none of those that we promise is here, or python3 is another one, python3 counts too. */
function findInterpreters(): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const pyenv = process.env["PYENV_ROOT"] ?? join(homedir(), ".pyenv");
  for (const version of VERSIONS) {
    const candidates = [
      `python${version}`,
      "python3",
      ...globSync(join(pyenv, `versions/${version}.*/bin/python3`)),
    ];
    const python = candidates.find((candidate) => versionOf(candidate) === version);
    if (python !== undefined) found.set(version, python);
  }
  const usual = versionOf("python3");
  if (usual !== undefined && !found.has(usual)) found.set(usual, "python3");
  return found;
}

function versionOf(python: string): string | undefined {
  const program = "import sys; print('%d.%d' % sys.version_info[:2])";
  const { status, stdout } = spawnSync(python, ["-c", program], { encoding: "utf8" });
  return status === 0 ? stdout.trim() : undefined;
}

function runOn(version: string, python: string, root: string): Tally {
  const startMs = performance.now();
  const { status, stdout, stderr, error } = spawnSync(
    python,
    ["-W", "error", "-m", "unittest", "discover", "-s", "python/tests"],
    {
      cwd: root,
      encoding: "utf8",
      timeout: TIMEOUT_MS,
      killSignal: "SIGKILL",
      maxBuffer: 2 ** 26,
      env: { ...process.env, PYTHONPATH: join(root, "python/src") },
    },
  );
  const tally = readSummary(stderr);
  const durationMs = Math.round(performance.now() - startMs);
  const isGood = status === 0 && tally.failed === 0 && tally.passed > 0;
  const told = `python/tests on Python ${version} (${tally.passed + tally.failed} tests, ${durationMs} ms)`;
  process.stdout.write(`${isGood ? "ok" : "not ok"} ${told}\n`);
  if (isGood) return tally;
  process.stdout.write(`${stdout}${stderr}${error === undefined ? "" : `${error.message}\n`}`);
  return { ...tally, failed: Math.max(1, tally.failed) };
}

/** unittest ends in `Ran 12 tests in 0.1s` and `OK (skipped=1)` or `FAILED (failures=1, errors=2, skipped=1)`. */
export function readSummary(text: string): Tally {
  const ran = Number(/^Ran (\d+) tests?/m.exec(text)?.[1] ?? 0);
  const outcome = /^(?:OK|FAILED|NO TESTS RAN)(?: \((.*)\))?$/m.exec(text)?.[1] ?? "";
  const numberOf = (name: string): number =>
    Number(new RegExp(`(?:^|, )${name}=(\\d+)`).exec(outcome)?.[1] ?? 0);
  const failed = numberOf("failures") + numberOf("errors") + numberOf("unexpected successes");
  const skipped = numberOf("skipped");
  return { passed: Math.max(0, ran - failed - skipped), failed, skipped };
}
