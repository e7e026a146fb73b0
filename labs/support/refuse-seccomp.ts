// For a test: runs a command under a kernel that refuses seccomp filters, as some containers do. Usage: node refuse-seccomp.ts COMMAND ...

import { spawnSync } from "node:child_process";
import { addressOf, linux } from "../posix/libc.ts";

const [SYS_SECCOMP, EPERM, PR_SET_NO_NEW_PRIVS] = [317, 1, 38];

const filter = Buffer.alloc(32);
const program = Buffer.alloc(16);
for (const [i, [code, jumpIfFalse, operand]] of [
  [0x20, 0, 0], // the number of the call
  [0x15, 1, SYS_SECCOMP],
  [0x06, 0, 0x00050000 | EPERM], // fail
  [0x06, 0, 0x7fff0000], // allow
].entries()) {
  filter.writeUInt16LE(code ?? 0, 8 * i);
  filter.writeUInt8(jumpIfFalse ?? 0, 8 * i + 3);
  filter.writeUInt32LE(operand ?? 0, 8 * i + 4);
}
program.writeUInt16LE(4, 0);
program.writeBigUInt64LE(addressOf(filter), 8);
linux.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
if (linux.syscall(SYS_SECCOMP, 1, 1, program) !== 0) throw new Error("no filter");

const [command = "", ...args] = process.argv.slice(2);
const { status } = spawnSync(command, args, { stdio: "inherit" });
process.exit(status ?? 1);
