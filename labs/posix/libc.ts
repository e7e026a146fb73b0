// The functions of the C library that the labs call, as they are: numbers and bytes in, -1 for a failure. Nothing is interpreted here.

import koffi from "koffi";

// null: what this process has loaded already, which on every system holds the C library.
const library = koffi.load(null);

/** Calls by the names and arguments of POSIX. Failures are -1, and `lastErrno` says why. */
export const libc = {
  socket: library.func("int socket(int domain, int type, int protocol)"),
  setsockopt: library.func("int setsockopt(int fd, int level, int name, void *value, uint size)"),
  getsockopt: library.func("int getsockopt(int fd, int level, int name, void *value, void *size)"),
  bind: library.func("int bind(int fd, void *address, uint size)"),
  listen: library.func("int listen(int fd, int backlog)"),
  accept: library.func("int accept(int fd, void *address, void *size)"),
  connect: library.func("int connect(int fd, void *address, uint size)"),
  getsockname: library.func("int getsockname(int fd, void *address, void *size)"),
  socketpair: library.func("int socketpair(int domain, int type, int protocol, void *fds)"),
  pipe: library.func("int pipe(void *fds)"),
  read: library.func("long read(int fd, void *buffer, size_t size)"),
  write: library.func("long write(int fd, void *bytes, size_t size)"),
  send: library.func("long send(int fd, void *bytes, size_t size, int flags)"),
  shutdown: library.func("int shutdown(int fd, int how)"),
  close: library.func("int close(int fd)"),
  dup2: library.func("int dup2(int from, int to)"),
  poll: library.func("int poll(void *entries, ulong count, int timeout)"),

  fork: library.func("int fork()"),
  waitpid: library.func("int waitpid(int pid, void *status, int options)"),
  exit: library.func("void _exit(int status)"),
  getpid: library.func("int getpid()"),
  getppid: library.func("int getppid()"),
  kill: library.func("int kill(int pid, int signal)"),
  nanosleep: library.func("int nanosleep(void *wanted, void *left)"),

  sigaction: library.func("int sigaction(int signal, void *wanted, void *before)"),
  sigprocmask: library.func("int sigprocmask(int how, void *set, void *before)"),
  mmap: library.func(
    "void *mmap(void *at, size_t size, int access, int flags, int fd, long offset)",
  ),
  mprotect: library.func("int mprotect(void *at, size_t size, int access)"),
  madvise: library.func("int madvise(void *at, size_t size, int advice)"),
  memcpy: library.func("void *memcpy(void *to, void *from, size_t size)"),

  strerror: library.func("str strerror(int errno)"),
} as const;

/** Functions that only Linux has: looked up at their first call, so that the rest works elsewhere. */
export const linux = {
  ppoll: lookedUpLate("int ppoll(void *entries, ulong count, void *timeout, void *mask)"),
  prctl: lookedUpLate("int prctl(int option, ulong a, ulong b, ulong c, ulong d)"),
  syscall: lookedUpLate("long syscall(long number, ulong a, ulong b, void *c)"),
};

function lookedUpLate(definition: string): (...values: unknown[]) => number {
  let found: ReturnType<typeof library.func> | undefined;
  return (...values) => (found ??= library.func(definition))(...values);
}

/** Why the last call failed. To be asked at once: the runtime makes calls of its own. */
export function lastErrno(): number {
  return koffi.errno();
}

/** Where a function of the C library, or the bytes of a buffer, stand in memory. */
export function addressOf(thing: string | Uint8Array): bigint {
  return koffi.address(typeof thing === "string" ? library.symbol(thing) : thing);
}

/** Memory that the kernel or the C library owns, as bytes that stay in place. */
export function viewOf(address: bigint, size: number): ArrayBuffer {
  return koffi.view(address, size);
}
