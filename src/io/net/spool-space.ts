// What all spool files together may take: bytes on the disk, and file descriptors. And the memory that they share on the way there.

import { BlockPool } from "./block-pool.ts";
import { Budget } from "./budget.ts";

export class SpoolSpace extends Budget {
  readonly blocks = new BlockPool();
  #mostFiles: number;
  #files = 0;

  /** `maxBytes`, `maxFiles`: for all connections together. */
  constructor(maxBytes: number, maxFiles: number) {
    super(maxBytes);
    this.#mostFiles = maxFiles;
  }

  /** Where there are more already, they stay. */
  setMostFiles(maxFiles: number): void {
    this.#mostFiles = maxFiles;
  }

  /** A descriptor for one more file; false when there is none to spare. */
  takeFile(): boolean {
    if (this.#files >= this.#mostFiles) return false;
    this.#files++;
    return true;
  }

  giveFile(): void {
    this.#files--;
  }
}
