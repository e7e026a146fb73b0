// Lines to standard output, standard error or a file without ever waiting for whoever reads them: a pipe or a socket that nobody empties must
// not stop the server. What cannot be taken waits here, within a bound; beyond it lines are dropped and counted.

import { constants, fstatSync, openSync, write, writeSync } from "node:fs";
import { Socket } from "node:net";
import { isatty } from "node:tty";
import { RetryDelay } from "./retry-delay.ts";
import { errorCode } from "../core/error-code.ts";

const FLAGS = constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY;
const APPENDING = FLAGS | constants.O_APPEND | constants.O_CREAT;
const MAX_PENDING_LENGTH = 1024 * 1024;
/** Whoever can wait should from here on (see `isBehind`). */
const BEHIND_LENGTH = 128 * 1024;
/** At the end a reader that takes nothing holds up the process for this long. */
const CLOSE_MS = 1000;
const NOTHING = Buffer.alloc(0);
const LINE_FEED = 0x0a;

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

/**
 * A file to append to, made where there is none; or a pipe or a terminal by a path (`/dev/stdout`, a FIFO), which does not wait for its reader:
 * without one, a FIFO is ENXIO.
 */
export function openAppending(path: string): number {
  return openSync(path, APPENDING, 0o640);
}

/** A socket (journald's is one) cannot be opened anew, nor a pipe where there is no /proc: a write to it may wait. */
function mayBlock(descriptor: number): boolean {
  try {
    if (fstatSync(descriptor).isSocket()) return true;
    return descriptor <= 2 && (fstatSync(descriptor).isFIFO() || isatty(descriptor));
  } catch {
    return false; // Closed: a write fails at once.
  }
}

/**
 * The process cannot end while one of its threads is blocked in a write. Shutting the socket down ends that write; nobody reads it any more.
 */
export function giveUpWriting(descriptor: number): void {
  if (!fstatSync(descriptor).isSocket()) return;
  const socket = new Socket({ fd: descriptor, readable: false, writable: true });
  socket.on("error", () => {});
  socket.end();
}

export class LineStream {
  #descriptor: number;
  /** Writes to it happen off the event loop. */
  #mayBlock: boolean;
  readonly #droppedLine: (count: number) => string;
  /** What comes next, of which some may be written. */
  #current: Buffer = NOTHING;
  #pending = "";
  #dropped = 0;
  /** What was written last ended within a line. */
  #isCut = false;
  #isWriting = false;
  readonly #delay = new RetryDelay();
  #timer: NodeJS.Timeout | undefined;
  #onIdle: (() => void) | undefined;
  /** Called when all was written, after `isBehind` was true. */
  onRelief: (() => void) | undefined;
  #wasBehind = false;

  /** `droppedLine`: what is written where so many lines are missing. */
  constructor(
    descriptor: number,
    droppedLine: (count: number) => string = (count) => `rickhouse: ${count} lines were dropped\n`,
  ) {
    this.#descriptor = descriptor;
    this.#mayBlock = mayBlock(descriptor);
    this.#droppedLine = droppedLine;
  }

  /** The reader is slow: who can wait with further lines loses none. */
  get isBehind(): boolean {
    const isBehind = this.#pending.length + this.#current.length > BEHIND_LENGTH;
    this.#wasBehind ||= isBehind;
    return isBehind;
  }

  /** What follows goes to another descriptor, a file. */
  moveTo(descriptor: number): void {
    // The rest of a line that was begun there comes here all the same.
    if (this.#current.length === 0) this.#isCut = false;
    this.#descriptor = descriptor;
    this.#mayBlock = mayBlock(descriptor);
  }

  /** `text` ends in a line feed. */
  write(text: string): void {
    if (this.#pending.length > MAX_PENDING_LENGTH) {
      this.#dropped++;
      return;
    }
    this.#pending += text;
    if (!this.#isWaiting) this.#flush();
  }

  /** Resolves when all is written, or when nobody takes it for too long. */
  async close(): Promise<void> {
    if (!this.#isWaiting) return;
    this.#timer?.ref();
    await this.#idle();
    if (!this.#isWriting) return;
    giveUpWriting(this.#descriptor);
    await this.#idle();
  }

  async #idle(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#onIdle = resolve;
      setTimeout(resolve, CLOSE_MS);
    });
  }

  get #isWaiting(): boolean {
    return this.#isWriting || this.#timer !== undefined;
  }

  #flush(): void {
    while (this.#fill()) {
      if (this.#mayBlock) {
        this.#writeAside();
        return;
      }
      try {
        this.#took(writeSync(this.#descriptor, this.#current));
      } catch (error) {
        this.#failed(error);
        if (this.#timer !== undefined) return;
      }
    }
    this.#onIdle?.();
    if (!this.#wasBehind) return;
    this.#wasBehind = false;
    this.onRelief?.();
  }

  /** False when nothing is left. */
  #fill(): boolean {
    if (this.#current.length > 0) return true;
    if (this.#dropped > 0) this.#pending += this.#droppedLine(this.#dropped);
    this.#dropped = 0;
    // Behind the half line that a full disk left, the next one begins at a beginning.
    const isBehindHalf = this.#isCut && this.#pending !== "";
    this.#current = Buffer.from(isBehindHalf ? `\n${this.#pending}` : this.#pending);
    this.#pending = "";
    return this.#current.length > 0;
  }

  #writeAside(): void {
    this.#isWriting = true;
    write(this.#descriptor, this.#current, (error, count) => {
      this.#isWriting = false;
      if (error === null) this.#took(count);
      else this.#failed(error);
      if (this.#timer === undefined) this.#flush();
    });
  }

  #took(count: number): void {
    if (count > 0) this.#isCut = this.#current[count - 1] !== LINE_FEED;
    this.#current = this.#current.subarray(count);
    this.#delay.progress();
  }

  #failed(error: unknown): void {
    if (errorCode(error) !== "EAGAIN") {
      this.#current = NOTHING; // EPIPE: nobody reads it any more.
      return;
    }
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#flush();
    }, this.#delay.next());
    this.#timer.unref();
  }
}
