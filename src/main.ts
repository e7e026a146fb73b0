// The entry: argv -> exit code. The only file that reads argv and the environment, and the only one that ends the process.

import { parseArguments } from "./cli/args.ts";
import { helpText } from "./cli/help.ts";
import { PASSING_VARIABLES } from "./config/listen-descriptors.ts";
import { loadConfig, SOFT_FILE_LIMIT_VARIABLE } from "./config/load.ts";
import { StartupError } from "./config/startup-error.ts";
import { readVersion } from "./version.ts";

async function main(): Promise<number> {
  const command = parseArguments(process.argv.slice(2));
  switch (command.kind) {
    case "help":
      process.stdout.write(helpText());
      return 0;
    case "version":
      process.stdout.write(`rickhouse ${readVersion()}\n`);
      return 0;
    case "serve": {
      const { config, application, workingDirectory } = loadConfig(
        command.raw,
        command.application,
        process.env,
      );
      // Between launcher and server only: the application's environment is the user's own.
      for (const name of [SOFT_FILE_LIMIT_VARIABLE, ...PASSING_VARIABLES]) delete process.env[name];
      process.chdir(workingDirectory);
      // Until src/io/signals.ts says what it means: without a handler Node would open its inspector on SIGUSR1.
      process.on("SIGUSR1", () => {});
      // Loaded here, so that --help and a wrong option answer without the server's modules.
      const { serve } = await import("./server.ts");
      return serve(config, application);
    }
  }
}

async function exitCode(): Promise<number> {
  try {
    return await main();
  } catch (error) {
    if (!(error instanceof StartupError)) throw error;
    process.stderr.write(`rickhouse: ${error.message}\n`);
    return error.exitCode;
  }
}

process.exit(await exitCode());
