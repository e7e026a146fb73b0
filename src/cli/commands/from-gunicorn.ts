// `rickhouse from-gunicorn FILE`: a rickhouse.toml of a gunicorn configuration, and on standard error what could not be carried over.

import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { loadConfigAlone } from "../../config/load.ts";
import { StartupError } from "../../config/startup-error.ts";
import { pythonFile } from "../../package-files.ts";
import { onlyWord } from "../args.ts";
import type { CommandCall } from "../commands.ts";
import { translate } from "../gunicorn/translate.ts";
import { errorCode } from "../../core/error-code.ts";

const SCRIPT = pythonFile("gunicorn_config.py");
/** A configuration that asks the network for a value is rare; one that never ends is a mistake. */
const RUN_MS = 60_000;

export async function fromGunicornCommand(call: CommandCall): Promise<number> {
  const path = onlyWord(call.words) ?? "gunicorn.conf.py";
  const { toml, problems } = translate(variablesOf(path, call), path, call.environment);
  const output = call.flags.get("output");
  if (output === undefined) process.stdout.write(toml);
  else write(output, toml);
  for (const problem of problems) process.stderr.write(`rickhouse: ${problem}\n`);
  if ((call.environment["GUNICORN_CMD_ARGS"] ?? "") !== "")
    process.stderr.write(
      "rickhouse: GUNICORN_CMD_ARGS is set and was not read; rickhouse --help all has options of its own\n",
    );
  return Promise.resolve(0);
}

/** The file is a program: the interpreter that would run the application runs it. */
function variablesOf(path: string, call: CommandCall): Readonly<Record<string, unknown>> {
  const raw = new Map([...call.raw, ["config", ["off"]] as const]);
  const { config } = loadConfigAlone({ ...call, raw, application: undefined });
  const { stdout, error } = spawnSync(config.python, [SCRIPT, path], {
    stdio: ["ignore", "pipe", "inherit"],
    encoding: "utf8",
    timeout: RUN_MS,
    killSignal: "SIGKILL",
    maxBuffer: 2 ** 26,
  });
  if (error !== undefined) throw bad(path, `${config.python} could not run it (${error.message})`);
  const told = parse(stdout);
  if (told === undefined) throw bad(path, `${config.python} ended while it ran`);
  if ("error" in told) throw bad(path, `running it raised ${String(told["error"])}`);
  const { variables } = told;
  return isObject(variables) ? variables : {};
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const told: unknown = JSON.parse(text);
    return isObject(told) ? told : undefined;
  } catch {
    return undefined; // It ended the interpreter, or closed our descriptor.
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function write(path: string, toml: string): void {
  try {
    writeFileSync(path, toml, { flag: "wx" });
  } catch (error) {
    const code = errorCode(error);
    const reason = code === "EEXIST" ? "it exists already" : `cannot be written (${code})`;
    throw new StartupError("bad-output", { path, reason }, { cause: error });
  }
}

function bad(path: string, reason: string): StartupError {
  return new StartupError("bad-gunicorn-file", { path, reason });
}
