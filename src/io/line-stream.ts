// Lines to standard output or standard error without ever waiting for whoever reads them: a pipe that nobody empties must not stop the
// server. What a full pipe cannot take waits here, within a bound; beyond it lines are dropped and counted.

import { constants, fstatSync, openSync, writeSync } from "node:fs";
import { isatty } from "node:tty";

const FLAGS = constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY;
const RETRY_MS = 50;
const MAX_PENDING_LENGTH = 1024 * 1024;

/**
 * The descriptor 1 or 2, or, where it is a pipe or a terminal (Ctrl-S stops it), one of our own to the same that does not block: to change the flags of the inherited
 * one would change them for everybody who shares it, the application too.
 */
export function withoutBlocking(descriptor: 1 | 2): number {
  try {
    if (!fstatSync(descriptor).isFIFO() && !isatty(descriptor)) return descriptor;
    return openSync(`/proc/self/fd/${descriptor}`, FLAGS);
  } catch {
    return descriptor; // Closed, without /proc, or nobody reads it: writing will tell.
  }
}

export class LineStream {
  #descriptor: number;
  readonly #droppedLine: (count: number) => string;
  #pending = "";
  #dropped = 0;
  #timer: NodeJS.Timeout | undefined;

  /** `droppedLine`: what is written where so many lines are missing. */
  constructor(
    descriptor: number,
    droppedLine: (count: number) => string = (count) => `rickhouse: ${count} lines were dropped\n`,
  ) {
    this.#descriptor = descriptor;
    this.#droppedLine = droppedLine;
  }

  /** What follows goes to another descriptor. */
  moveTo(descriptor: number): void {
    this.#descriptor = descriptor;
  }

  /** `text` ends in a line feed. */
  write(text: string): void {
    if (this.#pending.length > MAX_PENDING_LENGTH) {
      this.#dropped++;
      return;
    }
    this.#pending += text;
    if (this.#timer === undefined) this.#flush();
  }

  #flush(): void {
    if (this.#dropped > 0) this.#pending += this.#droppedLine(this.#dropped);
    this.#dropped = 0;
    let rest = Buffer.from(this.#pending);
    this.#pending = "";
    while (rest.length > 0) {
      try {
        rest = rest.subarray(writeSync(this.#descriptor, rest));
      } catch (error) {
        if (!(error instanceof Error && "code" in error && error.code === "EAGAIN")) return; // EPIPE: nobody reads it any more.
        this.#pending = rest.toString();
        this.#timer = setTimeout(() => {
          this.#timer = undefined;
          this.#flush();
        }, RETRY_MS);
        this.#timer.unref();
        return;
      }
    }
  }
}
