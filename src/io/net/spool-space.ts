// What all spool files together may take: bytes on the disk, and file descriptors. And the memory that they share on the way there.

import { BlockPool } from "./block-pool.ts";
import { Budget } from "./budget.ts";

export class SpoolSpace extends Budget {
  readonly blocks = new BlockPool();
  #filesLeft: number;

  /** `maxBytes`, `maxFiles`: for all connections together. */
  constructor(maxBytes: number, maxFiles: number) {
    super(maxBytes);
    this.#filesLeft = maxFiles;
  }

  /** A descriptor for one more file; false when there is none to spare. */
  takeFile(): boolean {
    if (this.#filesLeft <= 0) return false;
    this.#filesLeft--;
    return true;
  }

  giveFile(): void {
    this.#filesLeft++;
  }
}
