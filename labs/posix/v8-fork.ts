// Makes a process that runs V8 survive fork(2): three mends, each told in ../fork-in-v8.md. Linux on x86-64 only.

import { readFileSync } from "node:fs";
import { addressOf, lastErrno, libc, linux } from "./libc.ts";
import { UsageError } from "../settings.ts";
import { check, SystemError } from "./system-error.ts";

/** This process cannot be forked, and why: platform, flag or kernel. */
export class ForkRefused extends UsageError {
  override readonly name = "ForkRefused";
}

const PAGE = 4096n;
const PR_SET_NO_NEW_PRIVS = 38;
const SYS_MADVISE = 28;
const SYS_SECCOMP = 317;
const SECCOMP_SET_MODE_FILTER = 1;
const SECCOMP_FILTER_FLAG_TSYNC = 1;
const MADV_DONTFORK = 10;
const MADV_DOFORK = 11;
const READ_WRITE_EXECUTE = 7;
/** xor eax, eax; ret: a function that returns 0. */
const RETURN_ZERO = Buffer.from([0x31, 0xc0, 0xc3]);

let isForkable = false;
/** Where the functions that wake a thread begin. */
let wakers: readonly bigint[] = [];

/** Once, before the first fork. Throws ForkRefused. */
export function makeForkable(): void {
  if (isForkable) return;
  if (process.env["FORK"] === "no") throw new ForkRefused("FORK=no asks for no fork");
  if (process.platform !== "linux" || process.arch !== "x64")
    throw new ForkRefused(
      `fork needs Linux on x86-64, this is ${process.platform} ${process.arch}`,
    );
  if (!process.execArgv.includes("--single-threaded"))
    throw new ForkRefused("fork needs node --single-threaded: run the lab by bin/lab");
  ignoreDontFork();
  undoDontFork();
  wakers = ["pthread_cond_signal", "pthread_cond_broadcast"].map(addressOf);
  wakers.forEach(makeWritable);
  isForkable = true;
}

/** In the child only: it has one thread, and V8 must not wait for the others to take up work. */
export function becomeSingleThreaded(): void {
  for (const waker of wakers) libc.memcpy(waker, RETURN_ZERO, RETURN_ZERO.length);
}

/** From now on madvise(.., MADV_DONTFORK) does nothing and reports success: a seccomp filter, for all threads of this process. */
function ignoreDontFork(): void {
  const filter = [
    // code, jump if true, jump if false, operand (linux/filter.h). The data: number at 0, architecture at 4, third argument at 32.
    [0x20, 0, 0, 4],
    [0x15, 0, 5, 0xc000003e], // x86-64, else allow
    [0x20, 0, 0, 0],
    [0x15, 0, 3, SYS_MADVISE], // madvise, else allow
    [0x20, 0, 0, 32],
    [0x15, 0, 1, MADV_DONTFORK], // this advice, else allow
    [0x06, 0, 0, 0x00050000], // fail with errno 0: success without effect
    [0x06, 0, 0, 0x7fff0000], // allow
  ] as const;
  const instructions = Buffer.alloc(8 * filter.length);
  for (const [i, [code, ifTrue, ifFalse, operand]] of filter.entries()) {
    instructions.writeUInt16LE(code, 8 * i);
    instructions.writeUInt8(ifTrue, 8 * i + 2);
    instructions.writeUInt8(ifFalse, 8 * i + 3);
    instructions.writeUInt32LE(operand, 8 * i + 4);
  }
  const program = Buffer.alloc(16);
  program.writeUInt16LE(filter.length, 0);
  program.writeBigUInt64LE(addressOf(instructions), 8);

  check("prctl", linux.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
  const result = linux.syscall(
    SYS_SECCOMP,
    SECCOMP_SET_MODE_FILTER,
    SECCOMP_FILTER_FLAG_TSYNC,
    program,
  );
  if (result !== 0) {
    const reason = result === -1 ? new SystemError("seccomp", lastErrno()).message : String(result);
    throw new ForkRefused(`fork needs a seccomp filter, which was refused: ${reason}`);
  }
}

/** Gives back to fork what V8 withheld before the filter: VmFlags `dc` (do not copy) of /proc/self/smaps. */
function undoDontFork(): void {
  let region: { readonly start: bigint; readonly end: bigint } | undefined;
  for (const line of readFileSync("/proc/self/smaps", "latin1").split("\n")) {
    const [, start, end] = /^([0-9a-f]+)-([0-9a-f]+) /.exec(line) ?? [];
    if (start !== undefined && end !== undefined)
      region = { start: BigInt(`0x${start}`), end: BigInt(`0x${end}`) };
    if (region === undefined || !/^VmFlags:.* dc\b/.test(line)) continue;
    check("madvise", libc.madvise(region.start, Number(region.end - region.start), MADV_DOFORK));
  }
}

/** The function's page, and the next if it reaches over the edge. */
function makeWritable(address: bigint): void {
  const start = (address / PAGE) * PAGE;
  const end = address + BigInt(RETURN_ZERO.length);
  check("mprotect", libc.mprotect(start, Number(end - start), READ_WRITE_EXECUTE));
}
