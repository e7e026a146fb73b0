// npm run check:python: format, lint and types of the Python side and the examples, by tools in an environment of their own.

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { runScript, SetupError, setUpEnvironment } from "./python-environment.ts";

const ROOT = join(import.meta.dirname, "..");

/** Run in python/, whose pyproject.toml holds the settings. */
const CHECKS: readonly (readonly string[])[] = [
  ["ruff", "format", "--check", "."],
  ["ruff", "check", "."],
  ["ruff", "check", "--config", "pyproject.toml", "../examples"],
  ["ruff", "format", "--check", "--config", "pyproject.toml", "../packaging"],
  ["ruff", "check", "--config", "pyproject.toml", "../packaging"],
  ["mypy"],
  // A package of the same name: mypy would take it for the other one.
  ["mypy", "--config-file", "../packaging/wheel/mypy.ini", "../packaging/wheel/src/rickhouse"],
];

function main(): number {
  // Ignored by git and by every other tool, and gone with the next `npm ci`.
  const directory = "node_modules/.venv-tools";
  const requirements = "scripts/requirements-tools.txt";
  setUpEnvironment({ directory, requirements, contents: "ruff, mypy", minimum: [3, 10] });
  let failed = 0;
  for (const [tool = "", ...rest] of CHECKS) {
    const command = join(ROOT, directory, "bin", tool);
    if (!existsSync(command))
      throw new SetupError(`${tool} is not in ${directory}; remove that directory`);
    const { status } = spawnSync(command, rest, { cwd: join(ROOT, "python"), stdio: "inherit" });
    if (status !== 0) failed += 1;
  }
  return failed === 0 ? 0 : 1;
}

runScript("check", () => {
  process.exitCode = main();
});
