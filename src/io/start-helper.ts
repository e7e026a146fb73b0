// Short-lived processes whose work can be left undone. That one cannot be started Node tells by an event or, for some reasons (ENOMEM, ETXTBSY,
// ENOTDIR), by an exception, in the midst of what needs no helper.

import { type ChildProcess, spawn, type SpawnOptions } from "node:child_process";

/** Undefined where it could not be started; "error" may tell so later. */
export function startHelper(
  command: string,
  args: readonly string[],
  options: SpawnOptions,
): ChildProcess | undefined {
  try {
    return spawn(command, args, options);
  } catch {
    return undefined;
  }
}
