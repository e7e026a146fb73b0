// `rickhouse serve`, and `rickhouse` without a command: loads the configuration and becomes the server.

import { isDeepStrictEqual } from "node:util";
import { PASSING_VARIABLES } from "../../config/listen-descriptors.ts";
import { LAUNCHER_VARIABLES, loadConfig, NOHUP_VARIABLE } from "../../config/load.ts";
import { variableOf } from "../../config/options.ts";
import { SERVICE_MANAGER_VARIABLES, serviceManagerOf } from "../../config/service-manager.ts";
import { affordable } from "../../io/descriptor-limit.ts";
import { identityOf } from "../../io/identity.ts";
import type { ReadAgain } from "../../io/reload.ts";
import { Zygote } from "../../io/workers/zygote.ts";
import { onlyWord } from "../args.ts";
import type { CommandCall } from "../commands.ts";
import { enter } from "../enter.ts";

export async function serveCommand(call: CommandCall): Promise<number> {
  const invocation = { ...call, application: onlyWord(call.words) };
  const loaded = loadConfig(invocation);
  for (const warning of loaded.warnings) process.stderr.write(`rickhouse: ${warning}\n`);
  const own = [...LAUNCHER_VARIABLES, ...PASSING_VARIABLES, ...SERVICE_MANAGER_VARIABLES];
  for (const name of own) delete process.env[name];
  // Who reads the environment of a worker (a page of debugging, say) must not learn how to end the server.
  delete process.env[variableOf("adminToken")];
  enter(loaded.workingDirectory);
  if (loaded.config.umask !== null) process.umask(loaded.config.umask);
  // Until src/io/signals.ts says what it means: without a handler Node would open its inspector on SIGUSR1.
  process.on("SIGUSR1", () => {});
  const manager = serviceManagerOf(call.environment, process.pid);
  const identity = identityOf(loaded.config.user, loaded.config.group);
  // What the application's libraries keep in the home directory belongs into that of its own user.
  Object.assign(process.env, identity?.environment);
  const readAgain: ReadAgain = () => {
    const { config, application } = loadConfig(invocation);
    const isSameApplication = isDeepStrictEqual(application, loaded.application);
    return { config: affordable(config), isSameApplication };
  };
  // Python starts while the rest of the server is loaded. Not as root, if it is to be somebody else (docs/decisions/014).
  const zygote = identity === undefined ? new Zygote(loaded.config) : undefined;
  try {
    // Loaded here, so that a wrong option answers without the server's modules.
    const { serve } = await import("../../server.ts");
    const isNohup = Boolean(call.environment[NOHUP_VARIABLE]);
    const circumstances = { manager, identity, zygote, readAgain, isNohup };
    return await serve(affordable(loaded.config), loaded.application, circumstances);
  } finally {
    if (zygote?.isWaiting === true) zygote.kill();
  }
}
