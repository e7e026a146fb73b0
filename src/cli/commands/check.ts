// `rickhouse check`: configuration and application, loaded as the server would, and nothing served.

import { PASSING_VARIABLES } from "../../config/listen-descriptors.ts";
import { LAUNCHER_VARIABLES, loadConfig } from "../../config/load.ts";
import { readVersion } from "../../version.ts";
import { onlyWord } from "../args.ts";
import type { CommandCall } from "../commands.ts";
import { enter } from "../enter.ts";

/** 0 with one line of what was found; what is wrong ends as it would end the server, with the same code. */
export async function checkCommand(call: CommandCall): Promise<number> {
  const loaded = loadConfig({ ...call, application: onlyWord(call.words) });
  for (const warning of loaded.warnings) process.stderr.write(`rickhouse: ${warning}\n`);
  for (const name of [...LAUNCHER_VARIABLES, ...PASSING_VARIABLES]) delete process.env[name];
  enter(loaded.workingDirectory);
  const { tryImport } = await import("../../io/workers/trial-import.ts");
  const { config, application, file } = loaded;
  const { python, isPreloaded, notes } = await tryImport(config, application, readVersion());
  for (const note of notes) process.stderr.write(`rickhouse: ${note}\n`);
  const workers = isPreloaded ? "workers fork from one import" : "each worker imports for itself";
  const from = file === undefined ? "no configuration file" : `configuration from ${file}`;
  process.stdout.write(
    `${loaded.named.text} loads: Python ${python} (${config.python}), ${workers}, ${from}\n`,
  );
  return 0;
}
