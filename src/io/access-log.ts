// The access log: a line for each request, written in batches off the event loop, so that a slow disk or pipe never delays an answer. What
// a line looks like is core/log's business; this file knows where lines go, and what happens when nobody takes them.

import { closeSync, openSync, write } from "node:fs";
import { isatty } from "node:tty";
import type { LogTarget } from "../config/kinds.ts";
import { StartupError } from "../config/startup-error.ts";
import type { Exchange } from "../core/http/exchange.ts";
import { makeFormat } from "../core/log/access-format.ts";
import { AccessRecord } from "../core/log/access-record.ts";
import { LineBuffer } from "../core/log/line-buffer.ts";
import type { LineWriter } from "../core/log/line-pieces.ts";
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
/**
 * Lines of so many requests are made one after the other: their code and their tables are in the processor's caches then, which between two
 * answers they are not (docs/decisions/016-access-log-writer.md has the figures).
 */
const LINES_AT_ONCE = 32;
/** A write off the event loop costs about 15 us, whatever its length: this many bytes make it 0.1 a line. */
const FLUSH_AT_BYTES = 64 * 1024;
/** Of each of the two buffers; one that had to grow is not kept. */
const BUFFER_BYTES = FLUSH_AT_BYTES + LINES_AT_ONCE * 2048;
/** Beyond this the reader of the log is too slow: lines are dropped and counted, rather than memory filled. */
const MAX_PENDING_BYTES = 8 * 1024 * 1024;
/** At the end a reader that takes nothing holds up the process for this long. */
const CLOSE_MS = 1000;

export function openAccessLog(options: AccessLogOptions): AccessLog | undefined {
  const { target, format, hasQuery, mayColour } = options;
  if (target.kind === "off") return undefined;
  const isTerminal = target.kind === "stdout" && isatty(1);
  const kind = format === "auto" ? (isTerminal ? "pretty" : "json") : format;
  const writeLine = makeFormat(kind, { hasQuery, hasColour: isTerminal && mayColour });
  const open = target.kind === "stdout" ? openStdout() : () => openForAppend(target.path);
  return new BatchedLog(open, writeLine, kind === "json" ? droppedJson : droppedText);
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
  readonly #writeLine: LineWriter;
  readonly #droppedLine: (count: number) => string;
  readonly #record = new AccessRecord();
  /** Requests that are over and have no line yet, and when they were over. */
  readonly #held: (Exchange | undefined)[] = Array.from({ length: LINES_AT_ONCE }, () => undefined);
  readonly #heldSince = new Float64Array(LINES_AT_ONCE);
  #heldCount = 0;
  #descriptor: number;
  /** Lines that wait. */
  #pending = new LineBuffer(BUFFER_BYTES);
  /** Of the write that is under way, or was. */
  #written = new LineBuffer(BUFFER_BYTES);
  #dropped = 0;
  /** Where a write is under way: lines that come meanwhile wait. */
  #busyDescriptor: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isRetired = false;
  #onIdle: (() => void) | undefined;

  constructor(open: () => number, writeLine: LineWriter, droppedLine: (count: number) => string) {
    this.#open = open;
    this.#writeLine = writeLine;
    this.#droppedLine = droppedLine;
    this.#descriptor = open();
  }

  exchangeOver(exchange: Exchange, now: number): void {
    const count = this.#heldCount++;
    this.#held[count] = exchange;
    this.#heldSince[count] = now;
    if (count + 1 === LINES_AT_ONCE) this.#makeLines();
    this.#timer ??= setTimeout(this.#onTimer, FLUSH_AFTER_MS);
  }

  refused(request: RefusedRequest): void {
    this.#makeLines();
    this.#record.setRefused(request, Date.now());
    this.#addLine();
    this.#timer ??= setTimeout(this.#onTimer, FLUSH_AFTER_MS);
  }

  reopen(): void {
    const old = this.#descriptor;
    this.#descriptor = this.#open();
    // One that is being written to is closed when that is done.
    if (old !== this.#descriptor && old !== this.#busyDescriptor) closeSync(old);
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    this.#makeLines();
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
    this.#makeLines();
    this.#flush();
  }

  async #idle(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#onIdle = resolve;
      setTimeout(resolve, CLOSE_MS);
    });
  }

  #makeLines(): void {
    // What the two clocks are apart is the same for all that were held for so short a time.
    const wallClock = Date.now() - performance.now();
    for (let i = 0; i < this.#heldCount; i++) {
      const exchange = this.#held[i];
      if (exchange === undefined) continue;
      this.#held[i] = undefined;
      const now = this.#heldSince[i] ?? 0;
      this.#record.setExchange(exchange, now, wallClock + now);
      this.#addLine();
    }
    this.#heldCount = 0;
  }

  #addLine(): void {
    if (this.#pending.at > MAX_PENDING_BYTES) {
      this.#dropped++;
      return;
    }
    this.#writeLine(this.#record, this.#pending);
    if (this.#pending.at >= FLUSH_AT_BYTES) this.#flush();
  }

  readonly #onTimer = (): void => {
    this.#timer = undefined;
    this.#makeLines();
    this.#flush();
  };

  #flush(): void {
    if (this.#busyDescriptor !== undefined) return;
    if (this.#pending.at === 0) {
      this.#onIdle?.();
      if (this.#isRetired && this.#descriptor > 2) closeSync(this.#descriptor);
      this.#isRetired = false;
      return;
    }
    if (this.#dropped > 0) this.#pending.utf8(this.#droppedLine(this.#dropped));
    this.#dropped = 0;
    const lines = this.#pending;
    this.#pending = this.#written;
    this.#pending.restart(BUFFER_BYTES);
    this.#written = lines;
    this.#busyDescriptor = this.#descriptor;
    this.#write(this.#descriptor, lines, 0);
  }

  #write(descriptor: number, lines: LineBuffer, from: number): void {
    write(descriptor, lines.bytes, from, lines.at - from, null, (error, count) => {
      const isAgain = error !== null && error.code === "EAGAIN";
      if (isAgain || (error === null && from + count < lines.at)) {
        this.#writeLater(descriptor, lines, isAgain ? from : from + count);
        return;
      }
      this.#busyDescriptor = undefined;
      if (descriptor !== this.#descriptor) closeSync(descriptor);
      this.#flush();
    });
  }

  /** A terminal or pipe that another process made non-blocking may be full: wait rather than spin. */
  #writeLater(descriptor: number, lines: LineBuffer, from: number): void {
    setTimeout(() => {
      this.#write(descriptor, lines, from);
    }, FLUSH_AFTER_MS);
  }
}
