// A system call that failed, as an exception. Knows nothing of the calls themselves.

import { constants } from "node:os";
import { lastErrno, libc } from "./libc.ts";

/** The name of an error as the manual pages write it: EINTR, EMFILE, ECHILD. */
export type ErrorCode = keyof typeof constants.errno;

export class SystemError extends Error {
  override readonly name = "SystemError";
  readonly call: string;
  readonly errno: number;
  readonly code: string;

  constructor(call: string, errno: number) {
    const code = nameOf(errno);
    super(`${call}: [errno ${errno}, ${code}] ${libc.strerror(errno)}`);
    this.call = call;
    this.errno = errno;
    this.code = code;
  }
}

/** Whether `error` is a system call's, with one of these names. */
export function isSystemError(error: unknown, ...codes: ErrorCode[]): error is SystemError {
  return error instanceof SystemError && codes.some((code) => code === error.code);
}

/** `result` unless it is -1, which becomes a SystemError. */
export function check(call: string, result: number): number {
  if (result === -1) throw new SystemError(call, lastErrno());
  return result;
}

function nameOf(errno: number): string {
  const found = Object.entries(constants.errno).find(([, number]) => number === errno);
  return found?.[0] ?? `E${errno}`;
}
