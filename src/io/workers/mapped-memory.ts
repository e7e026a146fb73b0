// A range of a file as bytes of this process, changed and read by others at the same time. Unmapping it while JavaScript can still reach
// the bytes would end the process at the next look: the addresses are given back when the garbage collector has found that nothing can.

import type { Libc } from "../sockets/libc.ts";

const PROT_READ = 1;
const PROT_READ_WRITE = 3;
/** Of madvise(2). */
const MADV_REMOVE = 9;
const MAP_SHARED = 0x01;
const MAP_PRIVATE = 0x02;
const MAP_FIXED = 0x10;
const MAP_ANONYMOUS = 0x20;
const MAP_NORESERVE = 0x4000;

/** Must not hold the buffer itself. */
interface Range {
  readonly libc: Libc;
  readonly address: number;
  readonly length: number;
}

const unreachable = new FinalizationRegistry<Range>(({ libc, address, length }) => {
  libc.munmap(address, length);
});

export class MappedMemory {
  readonly buffer: ArrayBuffer;
  readonly #range: Range;

  private constructor(range: Range) {
    this.#range = range;
    this.buffer = range.libc.view(range.address, range.length);
    unreachable.register(this.buffer, range);
  }

  /** `length` bytes of the file from `at`, a multiple of 64 KiB, on; undefined where they cannot be had. The descriptor may be closed then. */
  static map(libc: Libc, fd: number, at: number, length: number): MappedMemory | undefined {
    const address = libc.mmap(0, length, PROT_READ_WRITE, MAP_SHARED, fd, at);
    return address === -1 ? undefined : new MappedMemory({ libc, address, length });
  }

  /** Nobody needs what lies there: the file has zeros there from now on, and no memory for them until somebody writes. Whole pages. */
  giveBack(at: number, length: number): void {
    const { libc, address } = this.#range;
    libc.madvise(address + at, length, MADV_REMOVE);
  }

  /** Lets the file's memory go: from now on there are zeros, and nothing must be written any more. */
  letGo(): void {
    const { libc, address, length } = this.#range;
    const flags = MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS | MAP_NORESERVE;
    libc.mmap(address, length, PROT_READ, flags, -1, 0);
  }
}
