// The table of commands: names, help lines, flags of their own. A command is one file in commands/, loaded when it is asked for, so that
// --help and a wrong word answer without the server's modules.

import type { Invocation } from "../config/load.ts";
import { LOG_LEVELS } from "../core/log/log-level.ts";

/** A flag of one command, beside the options of the server: `--json`, or with `placeholder` one that takes a value. */
export interface CommandFlag {
  readonly short?: string;
  readonly placeholder?: string;
  readonly help: string;
}

/** What a command is told. */
export interface CommandCall extends Omit<Invocation, "application"> {
  /** Words behind the command that belong to no option. */
  readonly words: readonly string[];
  /** The command's own flags that were given, without dashes; "" for one without a value. */
  readonly flags: ReadonlyMap<string, string>;
}

export interface Command {
  /** Behind the command's name in a usage line. */
  readonly usage: string;
  /** One line of --help. */
  readonly help: string;
  /** By their names without dashes. */
  readonly flags?: Readonly<Record<string, CommandFlag>>;
  /** Resolves to what runs it, which resolves to the exit code and throws StartupError for what the user can mend. */
  load(): Promise<(call: CommandCall) => Promise<number>>;
}

const JSON_FLAG = { json: { help: "as JSON" } } as const;

export const COMMANDS: Readonly<Record<string, Command>> = {
  serve: {
    usage: "[options] [application]",
    help: "serve the application (also without the word)",
    load: async () => (await import("./commands/serve.ts")).serveCommand,
  },
  dev: {
    usage: "[options] [application]",
    help: "serve for development: --reload --debug --workers 1:4 --admin",
    load: async () => (await import("./commands/dev.ts")).devCommand,
  },
  check: {
    usage: "[options] [application]",
    help: "say what is wrong with configuration and application",
    load: async () => (await import("./commands/check.ts")).checkCommand,
  },
  config: {
    usage: "[--json] [options] [application]",
    help: "print every option's value and where it comes from",
    flags: { json: { help: "as JSON" } },
    load: async () => (await import("./commands/config.ts")).configCommand,
  },
  status: {
    usage: "[--json] [--admin ADDRESS]",
    help: "show what a running server is doing",
    flags: JSON_FLAG,
    load: async () => (await import("./commands/control.ts")).statusCommand,
  },
  reload: {
    usage: "[--json] [--admin ADDRESS]",
    help: "have a running server load the application anew; 1 if it does not import",
    flags: JSON_FLAG,
    load: async () => (await import("./commands/control.ts")).reloadCommand,
  },
  scale: {
    usage: "[--json] [--admin ADDRESS] N",
    help: "have a running server keep at least N workers",
    flags: JSON_FLAG,
    load: async () => (await import("./commands/control.ts")).scaleCommand,
  },
  stacks: {
    usage: "[--json] [--admin ADDRESS] [WORKER]",
    help: "print where the code of a running server's workers stands",
    flags: JSON_FLAG,
    load: async () => (await import("./commands/control.ts")).stacksCommand,
  },
  "log-level": {
    usage: `[--json] [--admin ADDRESS] ${LOG_LEVELS.join("|")}`,
    help: "change what a running server logs",
    flags: JSON_FLAG,
    load: async () => (await import("./commands/control.ts")).logLevelCommand,
  },
  stop: {
    usage: "[--json] [--admin ADDRESS]",
    help: "have a running server finish what it has and end; waits for it",
    flags: JSON_FLAG,
    load: async () => (await import("./commands/control.ts")).stopCommand,
  },
  "from-gunicorn": {
    usage: "[-o FILE] [--python PATH] [gunicorn.conf.py]",
    help: "make a rickhouse.toml of a gunicorn configuration",
    flags: {
      output: {
        short: "o",
        placeholder: "FILE",
        help: "where to write it, in place of the screen",
      },
    },
    load: async () => (await import("./commands/from-gunicorn.ts")).fromGunicornCommand,
  },
};

/** The command that a first word without a dash may be; a module of that name is served as `check:app`. */
export function commandOf(word: string): Command | undefined {
  return Object.hasOwn(COMMANDS, word) ? COMMANDS[word] : undefined;
}
