// A failed system call as an error that looks like Node's own.

import { getSystemErrorMessage, getSystemErrorName } from "node:util";

/** `errno`: positive, as the C library has it. */
export function systemError(syscall: string, errno: number): NodeJS.ErrnoException {
  const error = new Error(`${syscall}: ${getSystemErrorMessage(-errno)}`);
  return Object.assign(error, { code: getSystemErrorName(-errno), errno: -errno, syscall });
}
