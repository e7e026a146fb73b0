// The path of a Unix socket that this server has bound: it is removed at the end, unless it is another server's by then. Knows no sockets.

import { lstatSync, unlinkSync } from "node:fs";

export class SocketPath {
  readonly #path: string;
  readonly #inode: string;

  /** A socket is bound there. */
  constructor(path: string) {
    this.#path = path;
    this.#inode = inodeAt(path);
  }

  /**
   * While the socket is open, whose inode nobody else can have. Nothing is said where this process may not do it (it has become a user who
   * may not write to that directory): the next server replaces a socket on which nobody answers.
   */
  remove(): void {
    if (this.#inode === "" || inodeAt(this.#path) !== this.#inode) return;
    try {
      unlinkSync(this.#path);
    } catch {
      // See above.
    }
  }
}

/** Empty: nothing is to be seen there. */
function inodeAt(path: string): string {
  try {
    const { dev, ino } = lstatSync(path, { bigint: true });
    return `${dev} ${ino}`;
  } catch {
    return "";
  }
}
