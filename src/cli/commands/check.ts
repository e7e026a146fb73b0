// `rickhouse check`: configuration and application, loaded as the server would, and nothing served.

import { PASSING_VARIABLES } from "../../config/listen-descriptors.ts";
import { LAUNCHER_VARIABLES, loadConfig } from "../../config/load.ts";
import { variableOf } from "../../config/options.ts";
import { readToken } from "../../io/admin/admin.ts";
import { become, identityOf } from "../../io/identity.ts";
import { readVersion } from "../../version.ts";
import { onlyWord } from "../args.ts";
import type { CommandCall } from "../commands.ts";
import { enter } from "../enter.ts";

/** 0 with one line of what was found; what is wrong ends as it would end the server, with the same code. */
export async function checkCommand(call: CommandCall): Promise<number> {
  const loaded = loadConfig({ ...call, application: onlyWord(call.words) });
  for (const warning of loaded.warnings) process.stderr.write(`rickhouse: ${warning}\n`);
  const own = [...LAUNCHER_VARIABLES, ...PASSING_VARIABLES, variableOf("adminToken")];
  for (const name of own) delete process.env[name];
  enter(loaded.workingDirectory);
  const { config, application, file } = loaded;
  if (config.umask !== null) process.umask(config.umask);
  // As the server would: root runs nothing of the user's. Anybody else is who he is, and may look at what root will start.
  const isRoot = process.getuid?.() === 0;
  const identity = isRoot ? identityOf(config.user, config.group) : undefined;
  const isToken = config.admin.kind !== "off" && (isRoot || config.user === "");
  if (isToken) readToken(config.adminToken);
  if (identity !== undefined) {
    Object.assign(process.env, identity.environment);
    become(identity);
  }
  const { tryImport } = await import("../../io/workers/trial-import.ts");
  const { python, isPreloaded, notes } = await tryImport(config, application, readVersion());
  for (const note of notes) process.stderr.write(`rickhouse: ${note}\n`);
  const workers = isPreloaded ? "workers fork from one import" : "each worker imports for itself";
  const from = file === undefined ? "no configuration file" : `configuration from ${file}`;
  process.stdout.write(
    `${loaded.named.text} loads: Python ${python} (${config.python}), ${workers}, ${from}\n`,
  );
  return 0;
}
