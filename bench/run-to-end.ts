// How a program of the benchmark ends: by its result, by a clear line where it was used wrongly, or by a signal.

import { SetupError } from "../scripts/python-environment.ts";

/** It was called wrongly: the message names the thing and the remedy. */
export class UsageError extends Error {}

export interface Program {
  /** Stands before each line. */
  readonly name: string;
  readonly usage: string;
  /** Resolves to the exit status. */
  readonly main: () => Promise<number>;
  /** Ctrl-C: ends at once what it has started. */
  readonly interrupt: () => void;
}

export async function runToEnd({ name, usage, main, interrupt }: Program): Promise<void> {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      interrupt();
      process.exit(130);
    });
  }
  try {
    process.exitCode = await main();
  } catch (error) {
    const isUsage = error instanceof UsageError || error instanceof SetupError;
    const isArgument = error instanceof TypeError && "code" in error;
    if (!isUsage && !isArgument) throw error;
    console.error(`${name}: ${error.message}`);
    if (isArgument) console.error(usage);
    process.exitCode = 2;
  }
}
