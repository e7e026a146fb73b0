// The entry: argv -> exit code. The only file that ends the process.

import { parseArguments } from "./cli/args.ts";
import { COMMANDS } from "./cli/commands.ts";
import { helpText } from "./cli/help.ts";
import { StartupError } from "./config/startup-error.ts";
import { errorCode } from "./core/error-code.ts";
import { readVersion } from "./version.ts";

async function main(): Promise<number> {
  const parsed = parseArguments(process.argv.slice(2));
  switch (parsed.kind) {
    case "help":
      process.stdout.write(helpText(parsed.topic));
      return 0;
    case "version":
      process.stdout.write(`rickhouse ${readVersion()}\n`);
      return 0;
    case "command": {
      const run = await COMMANDS[parsed.command]?.load();
      if (run === undefined) throw new Error(`no command ${parsed.command}`);
      const { words, raw, flags } = parsed;
      return run({
        words,
        raw,
        flags,
        environment: { ...process.env },
        directory: workingDirectory(),
      });
    }
  }
}

/** A deployment may replace the directory in which a shell stands. */
function workingDirectory(): string {
  try {
    return process.cwd();
  } catch (error) {
    throw new StartupError("no-working-directory", { code: errorCode(error) }, { cause: error });
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
