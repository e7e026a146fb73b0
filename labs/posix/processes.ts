// Processes: fork, wait, exit, and who is who. What it takes to fork a process that runs V8 is in v8-fork.ts.

import { libc } from "./libc.ts";
import { forgetSignals } from "./signals.ts";
import { systemCall } from "./system-call.ts";
import { check } from "./system-error.ts";
import { becomeSingleThreaded, makeForkable } from "./v8-fork.ts";

export interface Ended {
  /** 0: no child has ended (with WNOHANG only). */
  readonly pid: number;
  /** As the kernel says it: the exit status is in the second byte, the signal in the first. */
  readonly status: number;
}

/** For `waitpid`: do not sleep; pid 0 says that nobody has ended. */
export const WNOHANG = 1;

/**
 * Copies this process. Returns twice: the child's process id in the parent, 0 in the child. The child must leave by `exit`.
 * Throws ForkRefused where a process that runs V8 cannot be forked.
 */
export function fork(): number {
  makeForkable();
  const pid = check("fork", libc.fork());
  if (pid > 0) return pid;
  becomeSingleThreaded();
  forgetSignals();
  return 0;
}

/** Sleeps until a child has ended; takes it from the process table. */
export function wait(): Ended {
  return waitpid(-1, 0);
}

/** As `wait`, for one child or any (-1). ECHILD when there is none. */
export function waitpid(pid: number, options: number): Ended {
  const status = Buffer.alloc(4);
  const ended = systemCall("waitpid", () => libc.waitpid(pid, status, options));
  return { pid: ended, status: status.readInt32LE(0) };
}

/** Ends this process at once: no handlers, no flushing, no event loop. The only way out of a forked child. */
export function exit(status: number): never {
  libc.exit(status);
  throw new Error("_exit returned");
}

/** Asks the kernel: process.pid was read when Node started, and is the parent's in a forked child. */
export function getpid(): number {
  return libc.getpid();
}

export function getppid(): number {
  return libc.getppid();
}

/** Blocks the whole process, as a slow request would. A signal does not shorten it. */
export function sleep(seconds: number): void {
  const deadline = performance.now() + seconds * 1000;
  for (let left = seconds; left > 0; left = (deadline - performance.now()) / 1000) {
    const wanted = Buffer.alloc(16);
    wanted.writeBigInt64LE(BigInt(Math.floor(left)), 0);
    wanted.writeBigInt64LE(BigInt(Math.floor((left % 1) * 1e9)), 8);
    libc.nanosleep(wanted, null);
  }
}
