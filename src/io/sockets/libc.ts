// The functions of the C library that sockets and shared memory need, and the watch that libuv keeps on a descriptor: Node has no calls for
// them, koffi has (docs/decisions/036-direct-sockets.md). Numbers and bytes go in; failures are -1, and `lastErrno` says why. Nothing is interpreted here.

import type koffi from "koffi";
import { requireDependency } from "../../package-files.ts";

type Koffi = typeof koffi;

export interface Libc {
  accept4(listening: number, address: Uint8Array, size: Uint8Array, flags: number): number;
  close(fd: number): number;
  epollCreate(flags: number): number;
  epollCtl(epoll: number, operation: number, fd: number, event: Uint8Array): number;
  epollWait(epoll: number, events: Int32Array, most: number, timeoutMs: number): number;
  /** Of F_DUPFD_CLOEXEC: another descriptor of the same, `least` or more. */
  duplicate(fd: number, least: number): number;
  /** Where the bytes lie, as long as somebody holds the buffer. */
  addressOf(bytes: Buffer): number;
  ioUringSetup(entries: number, params: Uint8Array): number;
  ioUringEnter(ring: number, submit: number, complete: number, flags: number): number;
  inetNtop(family: number, address: Uint8Array, text: Uint8Array, size: number): unknown;
  /** -1, or the address. */
  mmap(
    address: number,
    length: number,
    protection: number,
    flags: number,
    fd: number,
    at: number,
  ): number;
  madvise(address: number, length: number, advice: number): number;
  /** Gives back what was freed, in another thread. Only the GNU C library has it. */
  mallocTrim: ((done: () => void) => void) | undefined;
  munmap(address: number, length: number): number;
  recv(fd: number, bytes: Uint8Array, size: number, flags: number): number;
  send(fd: number, bytes: Uint8Array, size: number, flags: number): number;
  setsockopt(fd: number, level: number, name: number, value: Uint8Array, size: number): number;
  shutdown(fd: number, how: number): number;
  /** Of SIOCOUTQ: bytes that the kernel still has to send or to have confirmed; of a Unix socket, the memory that what its peer has not read takes. */
  unconfirmed(fd: number): number;
  /** What lies at `address`: a buffer that no garbage collection frees. */
  view(address: number, length: number): ArrayBuffer;
  /** Why the last call failed. To be asked at once. */
  lastErrno(): number;
  /** Calls `onReadable` in each turn of the event loop in which `fd` is readable, as a function that must do next to nothing. */
  watch(fd: number, onReadable: () => void): Watch;
}

export interface Watch {
  /** The process lives as long as it watches. */
  ref(): void;
  unref(): void;
}

const F_DUPFD_CLOEXEC = 1030;
const SIOCOUTQ = 0x5411;
/** The same on all processors since their introduction. */
const SYS_IO_URING_SETUP = 425;
const SYS_IO_URING_ENTER = 426;

let loaded: Libc | undefined;

/** Undefined where there is none: this is no Linux, koffi was not installed, or does not find what it looks for. */
export function loadLibc(): Libc | undefined {
  if (process.platform !== "linux") return undefined;
  try {
    loaded ??= bind(requireKoffi());
  } catch {
    return undefined;
  }
  return loaded;
}

function bind(found: Koffi): Libc {
  // What this process has loaded already.
  const library = found.load(null);
  const func = (definition: string): ReturnType<typeof library.func> => library.func(definition);
  const fcntl = func("int fcntl(int fd, int command, int argument)");
  const ioctl = func("int ioctl(int fd, ulong request, void *answer)");
  const answer = new Int32Array(1);
  const setup = library.func("syscall", "long", ["long", "uint", "void *"]);
  const uints = ["uint", "uint", "uint", "uint"];
  const enter = library.func("syscall", "long", ["long", ...uints, "void *", "size_t"]);
  return {
    accept4: func("int accept4(int fd, void *address, void *size, int flags)"),
    close: func("int close(int fd)"),
    epollCreate: func("int epoll_create1(int flags)"),
    epollCtl: func("int epoll_ctl(int epoll, int operation, int fd, void *event)"),
    epollWait: func("int epoll_wait(int epoll, void *events, int most, int timeout)"),
    duplicate: (fd, least) => fcntl(fd, F_DUPFD_CLOEXEC, least),
    addressOf: (bytes) => Number(found.address(bytes)),
    ioUringSetup: (entries, params) => setup(SYS_IO_URING_SETUP, entries, params),
    ioUringEnter: (ring, submit, complete, flags) =>
      enter(SYS_IO_URING_ENTER, ring, submit, complete, flags, null, 0),
    inetNtop: func("void *inet_ntop(int family, void *address, void *text, uint size)"),
    mmap: func(
      "intptr_t mmap(intptr_t address, size_t length, int protection, int flags, int fd, int64_t at)",
    ),
    mallocTrim: bindMallocTrim(library),
    madvise: func("int madvise(intptr_t address, size_t length, int advice)"),
    munmap: func("int munmap(intptr_t address, size_t length)"),
    recv: func("long recv(int fd, void *bytes, size_t size, int flags)"),
    send: func("long send(int fd, void *bytes, size_t size, int flags)"),
    setsockopt: func("int setsockopt(int fd, int level, int name, void *value, uint size)"),
    shutdown: func("int shutdown(int fd, int how)"),
    unconfirmed: (fd) => (ioctl(fd, SIOCOUTQ, answer) < 0 ? -1 : (answer[0] ?? -1)),
    view: (address, length) => found.view(address, length),
    lastErrno: () => found.errno(),
    watch: (fd, onReadable) => found.node.poll(fd, onReadable),
  };
}

function bindMallocTrim(library: ReturnType<Koffi["load"]>): Libc["mallocTrim"] {
  let trim: ReturnType<typeof library.func>;
  try {
    trim = library.func("int malloc_trim(size_t pad)");
  } catch {
    return undefined;
  }
  return (done) => trim.async(0, done);
}

/** The package for this machine alone: the one that has them all installs itself by a script. Throws where there is none. */
function requireKoffi(): Koffi {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the types of a package that only the checkout has
  return requireDependency(`@koromix/koffi-linux-${process.arch}`) as Koffi;
}
