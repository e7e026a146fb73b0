// The part of the option table that is about the process: where it starts, what it leaves in files, what the application's environment is.

import { listOf, path } from "./kinds.ts";
import { option } from "./option.ts";
import {
  environmentVariables,
  type EnvironmentVariable,
  optionalPath,
  umask,
} from "./process-kinds.ts";

export const PROCESS_OPTIONS = {
  config: option({
    kind: path,
    group: "server",
    short: "c",
    default: "auto",
    sources: ["flag", "environment"],
    help: "TOML file, or off; auto: rickhouse.toml",
  }),
  chdir: option({
    kind: path,
    group: "server",
    default: ".",
    help: "change to this directory first; other paths count from it",
  }),
  pidFile: option<string | null>({
    kind: optionalPath,
    group: "server",
    default: null,
    help: "where the process id is kept while the server listens",
  }),
  umask: option<number | null>({
    kind: umask,
    group: "server",
    default: null,
    help: "permissions that new files do not get, in octal",
  }),
  pythonpath: option<readonly string[]>({
    kind: listOf(path),
    group: "server",
    reload: "workers",
    default: [],
    help: "directory to import from, behind the application's; repeatable",
  }),
  env: option<readonly EnvironmentVariable[]>({
    kind: environmentVariables,
    group: "server",
    reload: "workers",
    short: "e",
    default: [],
    sources: ["flag", "file"],
    help: "environment variable for the application; repeatable",
  }),
};
