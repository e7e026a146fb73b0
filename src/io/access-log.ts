// The access log: a plain line for each request, written in batches off the event loop, so that a slow disk or pipe never delays an answer.

import { closeSync, openSync, write, writeSync } from "node:fs";
import type { LogTarget } from "../config/kinds.ts";
import { StartupError } from "../config/startup-error.ts";
import { withoutBlocking } from "./line-stream.ts";

export interface AccessLog {
  /** `requestLine` is method and target as sent (latin-1, without controls); empty when none was readable. */
  line(facts: AccessFacts): void;
  /** Opens the file again, after it was moved away. */
  reopen(): void;
  /** Writes what is left, at the end of the process. */
  close(): void;
}

export interface AccessFacts {
  readonly remoteAddress: string;
  readonly requestLine: string;
  readonly status: number;
  readonly bytesSent: number;
  /** From the whole request to the last byte handed over; 0 for one that was refused. */
  readonly durationMs: number;
}

const FLUSH_AFTER_MS = 50;
const FLUSH_AT_LENGTH = 16 * 1024;
/** Beyond this the reader of the log is too slow: lines are dropped and counted, rather than memory filled. */
const MAX_PENDING_LENGTH = 8 * 1024 * 1024;

export function openAccessLog(target: LogTarget): AccessLog | undefined {
  if (target.kind === "off") return undefined;
  if (target.kind === "stdout") {
    const descriptor = withoutBlocking(1);
    return new BatchedLog(() => descriptor);
  }
  return new BatchedLog(() => openForAppend(target.path));
}

function openForAppend(path: string): number {
  try {
    return openSync(path, "a", 0o640);
  } catch (error) {
    const reason = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new StartupError("bad-access-log", { path, reason }, { cause: error });
  }
}

class BatchedLog implements AccessLog {
  readonly #open: () => number;
  #descriptor: number;
  #pending = "";
  #dropped = 0;
  /** Where a write is under way: lines that come meanwhile wait. */
  #busyDescriptor: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #second = -1;
  #time = "";

  constructor(open: () => number) {
    this.#open = open;
    this.#descriptor = open();
  }

  line(facts: AccessFacts): void {
    if (this.#pending.length > MAX_PENDING_LENGTH) {
      this.#dropped++;
      return;
    }
    const client = facts.remoteAddress === "" ? "-" : facts.remoteAddress;
    const request = facts.requestLine === "" ? "-" : quotable(facts.requestLine);
    this.#pending += `${client} [${this.#timeText()}] "${request}" ${facts.status} ${facts.bytesSent} ${facts.durationMs.toFixed(1)}ms\n`;
    if (this.#pending.length >= FLUSH_AT_LENGTH) this.#flush();
    else this.#timer ??= setTimeout(this.#onTimer, FLUSH_AFTER_MS);
  }

  reopen(): void {
    const old = this.#descriptor;
    this.#descriptor = this.#open();
    // One that is being written to is closed when that is done.
    if (old !== this.#descriptor && old !== this.#busyDescriptor) closeSync(old);
  }

  close(): void {
    clearTimeout(this.#timer);
    if (this.#pending !== "") {
      // A pipe that is full does not take it, and does not hold up the end either: see withoutBlocking.
      try {
        writeSync(this.#descriptor, Buffer.from(this.#pending, "latin1"));
      } catch {
        // The process ends, and there is no other place to say that its log cannot be written.
      }
    }
    this.#pending = "";
  }

  readonly #onTimer = (): void => {
    this.#timer = undefined;
    this.#flush();
  };

  /** `2026-11-20T19:09:28Z`, made once a second. */
  #timeText(): string {
    const second = Math.floor(Date.now() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#time = `${new Date(second * 1000).toISOString().slice(0, 19)}Z`;
    }
    return this.#time;
  }

  #flush(): void {
    if (this.#busyDescriptor !== undefined || this.#pending === "") return;
    const text =
      this.#dropped === 0 ? this.#pending : `${this.#pending}- ${this.#dropped} lines dropped\n`;
    this.#pending = "";
    this.#dropped = 0;
    this.#busyDescriptor = this.#descriptor;
    this.#write(this.#descriptor, Buffer.from(text, "latin1"), 0);
  }

  #write(descriptor: number, bytes: Buffer, from: number): void {
    write(descriptor, bytes, from, bytes.length - from, null, (error, count) => {
      const isAgain = error !== null && error.code === "EAGAIN";
      if (isAgain || (error === null && from + count < bytes.length)) {
        this.#writeLater(descriptor, bytes, isAgain ? from : from + count);
        return;
      }
      this.#busyDescriptor = undefined;
      if (descriptor !== this.#descriptor) closeSync(descriptor);
      this.#flush();
    });
  }

  /** A terminal or pipe that another process made non-blocking may be full: wait rather than spin. */
  #writeLater(descriptor: number, bytes: Buffer, from: number): void {
    setTimeout(() => {
      this.#write(descriptor, bytes, from);
    }, FLUSH_AFTER_MS);
  }
}

/** A target may hold quotes and backslashes; a line must not be forgeable with them. */
function quotable(text: string): string {
  if (!/["\\]|[^\x20-\x7e]/.test(text)) return text;
  return text.replaceAll(/["\\]|[^\x20-\x7e]/g, (character) => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
}
