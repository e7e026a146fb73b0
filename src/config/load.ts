// The only place of the configuration that looks at the machine: environment, processors, files. Decides nothing: resolve.ts does.

import { accessSync, constants, statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { type ApplicationSpec, parseApplication } from "./application.ts";
import { passedSockets } from "./listen-descriptors.ts";
import type { Config } from "./options.ts";
import { type RawValues, resolveChdir, resolveConfig } from "./resolve.ts";
import { StartupError } from "./startup-error.ts";

/** Set by the launcher: the soft limit of file descriptors, which Node raises for itself and its children. */
export const SOFT_FILE_LIMIT_VARIABLE = "RICKHOUSE_INTERNAL_NOFILE";

export interface Loaded {
  readonly config: Config;
  readonly application: ApplicationSpec;
  /** Absolute; where the process has to go before it opens anything (--chdir). */
  readonly workingDirectory: string;
}

/** Throws StartupError at the first thing that is wrong. */
export function loadConfig(
  raw: RawValues,
  application: string,
  environment: NodeJS.ProcessEnv,
): Loaded {
  const chdir = resolveChdir(raw);
  const workingDirectory = resolve(chdir);
  if (!isDirectory(workingDirectory)) throw new StartupError("bad-directory", { path: chdir });
  const spec = parseApplication(application, workingDirectory);
  const config = resolveConfig(raw, spec, {
    cores: availableParallelism(),
    workingDirectory,
    virtualEnv: environment["VIRTUAL_ENV"],
    searchPath: environment["PATH"],
    softFileLimit: parseLimit(environment[SOFT_FILE_LIMIT_VARIABLE]),
    passedSockets: passedSockets(environment, process.pid),
    isExecutable,
  });
  return { config, application: spec, workingDirectory };
}

/** `ulimit -Sn` says a number or "unlimited", which needs no restoring. */
function parseLimit(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : null;
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false; // Not there, not ours, or no directory on the way: in each case not a program that we could run.
  }
}
