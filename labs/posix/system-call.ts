// What every wrapper of this folder does with a call: make it, run the handlers of signals that came meanwhile, throw what failed.

import { lastErrno } from "./libc.ts";
import { runSignalHandlers } from "./signals.ts";
import { SystemError } from "./system-error.ts";

/** The result of `call`, which is not -1. */
export function systemCall(name: string, call: () => number): number {
  const result = call();
  const errno = result === -1 ? lastErrno() : 0;
  runSignalHandlers();
  if (errno !== 0) throw new SystemError(name, errno);
  return result;
}
