// Decides which Python interpreter runs the application. Pure: the file system is asked through `isExecutable`.

import { join, resolve } from "node:path";
import { StartupError } from "./startup-error.ts";

export interface PythonQuestion {
  readonly workingDirectory: string;
  /** Where the application's module lies. */
  readonly applicationDirectory: string;
  /** VIRTUAL_ENV and PATH as the user has them; undefined where they are not set. */
  readonly virtualEnv: string | undefined;
  readonly searchPath: string | undefined;
  /** The interpreter that a package for pip was installed for; undefined when the server did not come from one. */
  readonly installedFor: string | undefined;
  /** Whether this path leads to a file that this user may execute. */
  readonly isExecutable: (path: string) => boolean;
}

/**
 * The interpreter that the user named: a path, or a name to be found in PATH. `source` is where: `--python`.
 * Symbolic links are left alone: a virtual environment is known by the path of its link.
 */
export function namedPython(name: string, source: string, question: PythonQuestion): string {
  const found = name.includes("/")
    ? executableAt(resolve(question.workingDirectory, name), question)
    : executableInPath(name, question);
  if (found !== undefined) return found;
  throw new StartupError("bad-python", {
    source,
    path: name,
    hint: "name an interpreter, for example .venv/bin/python",
  });
}

/** The interpreter when the user named none: the one that the server was installed for, active virtual environment, `.venv` near the application, python3. */
export function defaultPython(question: PythonQuestion): string {
  const { installedFor, virtualEnv, workingDirectory, applicationDirectory } = question;
  if (installedFor !== undefined && installedFor !== "") return installedFor;
  if (virtualEnv !== undefined && virtualEnv !== "") return activePython(virtualEnv, question);
  const near = [applicationDirectory, join(applicationDirectory, ".."), workingDirectory];
  for (const directory of near) {
    const found = executableAt(join(directory, ".venv/bin/python"), question);
    if (found !== undefined) return found;
  }
  const installed = executableInPath("python3", question);
  if (installed !== undefined) return installed;
  throw new StartupError("no-python", {});
}

/** An active environment that is broken is said, not skipped: another Python would miss its packages. */
function activePython(virtualEnv: string, question: PythonQuestion): string {
  const path = resolve(question.workingDirectory, virtualEnv, "bin/python");
  if (question.isExecutable(path)) return path;
  throw new StartupError("bad-python", {
    source: "VIRTUAL_ENV",
    path,
    hint: "make the environment again, unset VIRTUAL_ENV, or name an interpreter with --python",
  });
}

function executableInPath(name: string, question: PythonQuestion): string | undefined {
  for (const directory of (question.searchPath ?? "").split(":")) {
    // POSIX: an empty entry of PATH is the working directory.
    const found = executableAt(resolve(question.workingDirectory, directory, name), question);
    if (found !== undefined) return found;
  }
  return undefined;
}

function executableAt(path: string, question: PythonQuestion): string | undefined {
  return question.isExecutable(path) ? path : undefined;
}
