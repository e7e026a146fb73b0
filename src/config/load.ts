// The only place of the configuration that looks at the machine: environment, processors, files. Decides nothing: resolve.ts does.

import { accessSync, constants, lstatSync, readFileSync, statSync, type Stats } from "node:fs";
import { resolve } from "node:path";
import { type ApplicationSpec, parseApplication } from "./application.ts";
import { type Environment, readEnvironment, unreadVariables } from "./environment.ts";
import { type FileValues, parseConfigFile } from "./file.ts";
import { passedSockets } from "./listen-descriptors.ts";
import {
  describeGiven,
  flagLayer,
  type Given,
  type Layer,
  mergeLayers,
  type RawValues,
} from "./layers.ts";
import { availableCores } from "./cores.ts";
import { availableMemory } from "./memory.ts";
import type { Config } from "./options.ts";
import { resolveChdir, resolveConfig } from "./resolve.ts";
import { StartupError } from "./startup-error.ts";
import { errorCode } from "../core/error-code.ts";

/** Set by the launcher: the soft limit of file descriptors, which Node raises for itself and its children. */
const SOFT_FILE_LIMIT_VARIABLE = "RICKHOUSE_INTERNAL_NOFILE";

/** Set by the launcher of the package for pip: the interpreter that it was installed for. */
const INSTALLED_FOR_VARIABLE = "RICKHOUSE_INTERNAL_PYTHON";
/** Set by both launchers: not empty where SIGHUP was ignored, as nohup(1) has it. */
export const NOHUP_VARIABLE = "RICKHOUSE_INTERNAL_NOHUP";
/** Between launcher and server only: the application's environment is the user's own. */
export const LAUNCHER_VARIABLES = [
  SOFT_FILE_LIMIT_VARIABLE,
  INSTALLED_FOR_VARIABLE,
  NOHUP_VARIABLE,
] as const;

const DEFAULT_FILE = "rickhouse.toml";
/** Stands for an application that nobody has named, in the working directory. */
const NO_APPLICATION = "app";
const NO_FILE: FileValues = { layer: new Map(), application: undefined };

/** What the user said, and where: all that the configuration is made of, so that it can be made again at a reload. */
export interface Invocation {
  /** Options of the command line. */
  readonly raw: RawValues;
  /** The application, if the command line names it. */
  readonly application: string | undefined;
  readonly environment: Environment;
  /** Absolute; the working directory at the start, before --chdir. */
  readonly directory: string;
}

export interface Loaded {
  readonly config: Config;
  readonly application: ApplicationSpec;
  /** Absolute; where the process has to go before it opens anything (--chdir). */
  readonly workingDirectory: string;
  /** What was given, and where. */
  readonly given: Layer;
  /** The configuration file that was read, as the user knows it. */
  readonly file: string | undefined;
  /** The application's name as it was given, and where. */
  readonly named: Named;
  /** One line each, for the log. */
  readonly warnings: readonly string[];
}

export interface Named {
  readonly text: string;
  readonly origin: Given["origin"] | undefined;
}

/** Command line, environment, configuration file, defaults: the first that has a value decides. Throws StartupError. */
export function loadConfig(invocation: Invocation): Loaded {
  const layers = loadLayers(invocation);
  const { named } = layers;
  // A wrong value first: `--workers app:app` has taken the application for one.
  const resolved = resolveLayers(layers, named?.text ?? NO_APPLICATION, invocation);
  if (named === undefined) throw new StartupError("no-application", {});
  return { ...layers, named, ...resolved };
}

/** As loadConfig, where an application need not be named. */
export function loadConfigAlone(
  invocation: Invocation,
): Omit<Loaded, "application" | "named"> & { readonly named: Named | undefined } {
  const layers = loadLayers(invocation);
  return { ...layers, ...resolveLayers(layers, layers.named?.text ?? NO_APPLICATION, invocation) };
}

interface Layers {
  readonly given: Layer;
  readonly file: string | undefined;
  readonly named: Named | undefined;
  readonly warnings: readonly string[];
}

function loadLayers({ raw, application, environment, directory }: Invocation): Layers {
  const flags = flagLayer(raw);
  const variables = readEnvironment(environment);
  const found = findFile(mergeLayers([flags, variables.layer]).get("config"), directory);
  const file = found === undefined ? NO_FILE : parseConfigFile(found.text, found.path);
  const given = mergeLayers([flags, variables.layer, file.layer]);
  return {
    given,
    file: found?.path,
    named: firstNamed(application, variables.application) ?? file.application,
    warnings: [...variables.warnings, ...unreadVariables(environment, given)],
  };
}

function firstNamed(argument: string | undefined, variable: string | undefined): Named | undefined {
  if (argument !== undefined) return { text: argument, origin: undefined };
  if (variable === undefined) return undefined;
  return { text: variable, origin: { kind: "variable", variable: "RICKHOUSE_APPLICATION" } };
}

function resolveLayers(
  { given, file }: Layers,
  application: string,
  { environment, directory }: Invocation,
): Pick<Loaded, "config" | "application" | "workingDirectory"> {
  const workingDirectory = changeDirectory(given, directory);
  const spec = parseApplication(application, workingDirectory);
  const config = resolveConfig(given, spec, {
    cores: availableCores(),
    memoryBytes: availableMemory(),
    workingDirectory,
    virtualEnv: environment["VIRTUAL_ENV"],
    searchPath: environment["PATH"],
    installedFor: environment[INSTALLED_FOR_VARIABLE],
    softFileLimit: parseLimit(environment[SOFT_FILE_LIMIT_VARIABLE]),
    configFile: file === undefined ? null : resolve(directory, file),
    passedSockets: passedSockets(environment, process.pid),
    mayColour: !environment["NO_COLOR"] && environment["TERM"] !== "dumb",
    isExecutable,
  });
  checkPythonPath(config, given, workingDirectory);
  return { config, application: spec, workingDirectory };
}

function checkPythonPath({ pythonpath }: Config, given: Layer, from: string): void {
  const origin = given.get("pythonpath")?.origin;
  if (origin === undefined) return;
  for (const directory of pythonpath)
    checkDirectory(resolve(from, directory), describeGiven(origin, directory));
}

function changeDirectory(given: Layer, from: string): string {
  const chdir = resolveChdir(given);
  const workingDirectory = resolve(from, chdir);
  const origin = given.get("chdir")?.origin ?? { kind: "flag", flag: "--chdir" };
  checkDirectory(workingDirectory, describeGiven(origin, chdir));
  return workingDirectory;
}

interface FoundFile {
  readonly path: string;
  readonly text: string;
}

/** Before --chdir: the file may say where that leads. */
function findFile(given: Given | undefined, from: string): FoundFile | undefined {
  const named = given?.texts.at(-1) ?? "auto";
  if (named === "off") return undefined;
  if (given === undefined || named === "auto") {
    const path = resolve(from, DEFAULT_FILE);
    if (statOf(path, path) !== undefined) return readFile(DEFAULT_FILE, from, DEFAULT_FILE);
    // Whoever made the link wants what it should lead to: defaults would be a surprise.
    if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return undefined;
    throw noFile(DEFAULT_FILE, "a link to what is not there", "mend the link, or remove it");
  }
  const shown = describeGiven(given.origin, named);
  const hint = hintForOtherFormat(named);
  if (hint !== undefined) throw noFile(shown, "not a TOML file", hint);
  return readFile(named, from, shown);
}

/** Files of other servers, which their users name by the same letter. */
function hintForOtherFormat(path: string): string | undefined {
  if (path.endsWith(".py"))
    return `rickhouse from-gunicorn ${path} -o rickhouse.toml makes one of it`;
  if (/\.(?:ini|ya?ml|json|cfg)$/.test(path))
    return "write the options into rickhouse.toml; rickhouse --help all lists them";
  return undefined;
}

function readFile(path: string, from: string, shown: string): FoundFile {
  let bytes: Buffer;
  try {
    bytes = readFileSync(resolve(from, path));
  } catch (error) {
    const code = errorCode(error);
    const reason = code === "ENOENT" ? "no such file" : `cannot be read (${code})`;
    throw noFile(shown, reason, "name a TOML file that can be read", error);
  }
  try {
    return { path, text: new TextDecoder("utf-8", { fatal: true }).decode(bytes) };
  } catch (error) {
    throw noFile(shown, "not UTF-8", "save it as UTF-8", error);
  }
}

function noFile(given: string, reason: string, hint: string, cause?: unknown): StartupError {
  return new StartupError("no-config-file", { given, reason, hint }, { cause });
}

/** `ulimit -Sn` says a number or "unlimited", which needs no restoring. */
function parseLimit(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : null;
}

function checkDirectory(path: string, given: string): void {
  if (statOf(path, given)?.isDirectory() !== true)
    throw new StartupError("bad-directory", { given });
}

/** Undefined: nothing is there. A server that has become another user may not look everywhere, and a file server may be away. */
function statOf(path: string, given: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    const code = errorCode(error);
    throw new StartupError("path-not-readable", { given, code }, { cause: error });
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false; // Not there, not ours, or no directory on the way: in each case not a program that we could run.
  }
}
