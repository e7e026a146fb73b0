// Signal handlers in TypeScript while the process sleeps in a system call: process.on("SIGCHLD") needs the event loop, which a blocking
// accept stops. CPython's model: a handler in machine code only counts; after each system call the counts are compared, and whoever's
// signal came since then runs: once, however often it came, because signals are not queued.

import { constants } from "node:os";
import { libc, lastErrno, linux, viewOf } from "./libc.ts";
import { check, SystemError } from "./system-error.ts";

export type SignalName = keyof typeof constants.signals;

interface Handler {
  readonly signal: number;
  readonly run: () => void;
  seen: bigint;
}

const PAGE = 4096;
/** Offset of the counters in the page; the code stands at its start. */
const COUNTERS_AT = 1024;
const READ_WRITE_EXECUTE = 7;
const PRIVATE_ANONYMOUS = 0x22;
/** struct sigaction of glibc on 64 bits: handler, 128 bytes of mask, flags, restorer. */
const SIGACTION_SIZE = 152;
const SIGNAL_SET_SIZE = 128;
const { SIG_BLOCK, SIG_SETMASK } = { SIG_BLOCK: 0, SIG_SETMASK: 2 };

const handlers: Handler[] = [];
let page: { readonly code: bigint; readonly counters: BigUint64Array } | undefined;

/**
 * Runs `run` after the system call during which the signal came. The call itself fails with EINTR if it was asleep: the handler is
 * installed without SA_RESTART, as it was before Python 3.5.
 */
export function onSignal(name: SignalName, run: () => void): void {
  if (process.platform !== "linux" || process.arch !== "x64")
    throw new Error("a signal handler in machine code is written for Linux on x86-64 only");
  const signal = constants.signals[name];
  const { code } = (page ??= makePage());
  const action = Buffer.alloc(SIGACTION_SIZE);
  action.writeBigUInt64LE(code, 0);
  check("sigaction", libc.sigaction(signal, action, null));
  const known = handlers.findIndex((handler) => handler.signal === signal);
  if (known >= 0) handlers.splice(known, 1);
  handlers.push({ signal, run, seen: countOf(signal) });
}

/** Every wrapper of this folder ends with it. */
export function runSignalHandlers(): void {
  for (const handler of handlers) {
    const count = countOf(handler.signal);
    if (count === handler.seen) continue;
    handler.seen = count;
    handler.run();
  }
}

/** In a new child: what was counted for the parent is none of its business. */
export function forgetSignals(): void {
  for (const handler of handlers) handler.seen = countOf(handler.signal);
}

/**
 * Sleeps until there is something to read, or fails with EINTR. A signal that came between the last look at the counter and the call
 * would otherwise be slept over; so signals are held, the counter is looked at, and ppoll lets them in at the moment it falls asleep.
 */
export function sleepUntilReadable(fd: number, call: string): void {
  if (handlers.length === 0) return;
  const held = Buffer.alloc(SIGNAL_SET_SIZE);
  const before = Buffer.alloc(SIGNAL_SET_SIZE);
  for (const { signal } of handlers) held.writeUInt32LE(held.readUInt32LE(0) | (1 << (signal - 1)));
  check("sigprocmask", libc.sigprocmask(SIG_BLOCK, held, before));
  runSignalHandlers();
  const result = linux.ppoll(pollEntry(fd), 1, null, before);
  const errno = result === -1 ? lastErrno() : 0;
  check("sigprocmask", libc.sigprocmask(SIG_SETMASK, before, null));
  runSignalHandlers();
  if (errno !== 0) throw new SystemError(call, errno);
}

function pollEntry(fd: number): Buffer {
  const entry = Buffer.alloc(8);
  entry.writeInt32LE(fd, 0);
  entry.writeInt16LE(1, 4); // POLLIN
  return entry;
}

function countOf(signal: number): bigint {
  return page?.counters[signal] ?? 0n;
}

/**
 * void handler(int signal) { if (gettid() == getpid()) counters[signal]++; else tgkill(getpid(), getpid(), signal); }
 * The kernel gives a signal of the process to any thread that does not hold it back, and V8 has some. Counted there, it would wake nobody:
 * so it is passed on to the main thread, the one that sleeps in the system calls.
 */
function makePage(): { readonly code: bigint; readonly counters: BigUint64Array } {
  const code = libc.mmap(null, PAGE, READ_WRITE_EXECUTE, PRIVATE_ANONYMOUS, -1, 0);
  const memory = viewOf(code, PAGE);
  const counters = Buffer.alloc(8);
  counters.writeBigUInt64LE(code + BigInt(COUNTERS_AT));
  const machineCode = [
    [0xb8, 0xba, 0x00, 0x00, 0x00, 0x0f, 0x05], // mov eax, 186 (gettid); syscall
    [0x89, 0xc6], // mov esi, eax
    [0xb8, 0x27, 0x00, 0x00, 0x00, 0x0f, 0x05], // mov eax, 39 (getpid); syscall
    [0x39, 0xf0], // cmp eax, esi
    [0x75, 0x10], // jne past the return
    [0x48, 0xb8, ...counters], // mov rax, counters
    [0xf0, 0x48, 0xff, 0x04, 0xf8], // lock inc qword [rax + rdi * 8]
    [0xc3], // ret
    [0x89, 0xfa], // mov edx, edi
    [0x89, 0xc7], // mov edi, eax
    [0x89, 0xc6], // mov esi, eax
    [0xb8, 0xea, 0x00, 0x00, 0x00, 0x0f, 0x05], // mov eax, 234 (tgkill); syscall
    [0xc3], // ret
  ];
  Buffer.from(memory).set(machineCode.flat());
  return { code, counters: new BigUint64Array(memory, COUNTERS_AT, 65) };
}
