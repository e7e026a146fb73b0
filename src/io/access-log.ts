// The access log: a line for each request, written in batches off the event loop, so that a slow disk or pipe never delays an answer. What
// a line looks like is core/log's business; this file knows where lines go, and what happens when nobody takes them.

import { closeSync, openSync, write } from "node:fs";
import { isatty } from "node:tty";
import type { LogTarget } from "../config/kinds.ts";
import { StartupError } from "../config/startup-error.ts";
import type { Exchange } from "../core/http/exchange.ts";
import { makeFormat, type LineOf } from "../core/log/access-format.ts";
import { AccessRecord } from "../core/log/access-record.ts";
import { isoTime } from "../core/log/log-time.ts";
import { giveUpWriting, withoutBlocking } from "./line-stream.ts";
import type { RefusedRequest } from "./net/connection-context.ts";

export interface AccessLog {
  /** `now`: when it was over, by the clock of the exchange's times. */
  exchangeOver(exchange: Exchange, now: number): void;
  refused(request: RefusedRequest): void;
  /** Opens the file again, after it was moved away. */
  reopen(): void;
  /** Writes what is left. Resolves when it is written, or when nobody takes it for too long. */
  close(): Promise<void>;
  /** Another has taken its place: writes what is left in its own time. */
  retire(): void;
}

export interface AccessLogOptions {
  readonly target: LogTarget;
  /** `auto`, or what core/log/access-format.ts takes. */
  readonly format: string;
  readonly hasQuery: boolean;
  /** Colours are welcome where a terminal shows them (https://no-color.org). */
  readonly mayColour: boolean;
}

const FLUSH_AFTER_MS = 50;
/** A write off the event loop costs about 15 us, whatever its length: this many bytes make it 0.1 a line. */
const FLUSH_AT_LENGTH = 64 * 1024;
/** Characters of peers may be three bytes. */
const BUFFER_BYTES = 3 * (FLUSH_AT_LENGTH + 64 * 1024);
/** Beyond this the reader of the log is too slow: lines are dropped and counted, rather than memory filled. */
const MAX_PENDING_LENGTH = 8 * 1024 * 1024;
/** At the end a reader that takes nothing holds up the process for this long. */
const CLOSE_MS = 1000;

export function openAccessLog(options: AccessLogOptions): AccessLog | undefined {
  const { target, format, hasQuery, mayColour } = options;
  if (target.kind === "off") return undefined;
  const isTerminal = target.kind === "stdout" && isatty(1);
  const kind = format === "auto" ? (isTerminal ? "pretty" : "json") : format;
  const lineOf = makeFormat(kind, { hasQuery, hasColour: isTerminal && mayColour });
  const open = target.kind === "stdout" ? openStdout() : () => openForAppend(target.path);
  return new BatchedLog(open, lineOf, kind === "json" ? droppedJson : droppedText);
}

function openStdout(): () => number {
  const descriptor = withoutBlocking(1);
  return () => descriptor;
}

function openForAppend(path: string): number {
  try {
    return openSync(path, "a", 0o640);
  } catch (error) {
    const reason = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new StartupError("bad-access-log", { path, reason }, { cause: error });
  }
}

function droppedText(count: number): string {
  return `- ${count} lines dropped\n`;
}

function droppedJson(count: number): string {
  return `{"time":"${isoTime(Date.now())}","dropped_lines":${count}}\n`;
}

class BatchedLog implements AccessLog {
  readonly #open: () => number;
  readonly #lineOf: LineOf;
  readonly #droppedLine: (count: number) => string;
  readonly #record = new AccessRecord();
  #descriptor: number;
  #pending = "";
  /** One write is under way at a time, so one buffer does: fresh ones cost page faults. */
  #buffer: Buffer | undefined;
  #dropped = 0;
  /** Where a write is under way: lines that come meanwhile wait. */
  #busyDescriptor: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isRetired = false;
  #onIdle: (() => void) | undefined;

  constructor(open: () => number, lineOf: LineOf, droppedLine: (count: number) => string) {
    this.#open = open;
    this.#lineOf = lineOf;
    this.#droppedLine = droppedLine;
    this.#descriptor = open();
  }

  exchangeOver(exchange: Exchange, now: number): void {
    this.#record.setExchange(exchange, now, Date.now());
    this.#add();
  }

  refused(request: RefusedRequest): void {
    this.#record.setRefused(request, Date.now());
    this.#add();
  }

  reopen(): void {
    const old = this.#descriptor;
    this.#descriptor = this.#open();
    // One that is being written to is closed when that is done.
    if (old !== this.#descriptor && old !== this.#busyDescriptor) closeSync(old);
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    this.#flush();
    if (this.#busyDescriptor === undefined) return;
    await this.#idle();
    if (this.#busyDescriptor === undefined) return;
    giveUpWriting(this.#busyDescriptor);
    await this.#idle();
  }

  retire(): void {
    this.#isRetired = true;
    clearTimeout(this.#timer);
    this.#flush();
  }

  async #idle(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#onIdle = resolve;
      setTimeout(resolve, CLOSE_MS);
    });
  }

  #add(): void {
    if (this.#pending.length > MAX_PENDING_LENGTH) {
      this.#dropped++;
      return;
    }
    this.#pending += this.#lineOf(this.#record);
    if (this.#pending.length >= FLUSH_AT_LENGTH) this.#flush();
    else this.#timer ??= setTimeout(this.#onTimer, FLUSH_AFTER_MS);
  }

  readonly #onTimer = (): void => {
    this.#timer = undefined;
    this.#flush();
  };

  #flush(): void {
    if (this.#busyDescriptor !== undefined) return;
    if (this.#pending === "") {
      this.#onIdle?.();
      if (this.#isRetired && this.#descriptor > 2) closeSync(this.#descriptor);
      this.#isRetired = false;
      return;
    }
    const text =
      this.#dropped === 0 ? this.#pending : this.#pending + this.#droppedLine(this.#dropped);
    this.#pending = "";
    this.#dropped = 0;
    this.#busyDescriptor = this.#descriptor;
    this.#write(this.#descriptor, this.#encode(text), 0);
  }

  #encode(text: string): Buffer {
    if (text.length * 3 > BUFFER_BYTES) return Buffer.from(text);
    this.#buffer ??= Buffer.allocUnsafeSlow(BUFFER_BYTES);
    return this.#buffer.subarray(0, this.#buffer.write(text));
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
