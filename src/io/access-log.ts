// The access log: a line for each request, written in batches off the event loop, so that a slow disk or pipe never delays an answer. What
// a line looks like is core/log's business; this file knows where lines go, and what happens when nobody takes them.

import { fstatSync } from "node:fs";
import { isatty } from "node:tty";
import type { LogTarget } from "../config/kinds.ts";
import { StartupError } from "../config/startup-error.ts";
import type { Exchange } from "../core/http/exchange.ts";
import { makeFormat } from "../core/log/access-format.ts";
import { AccessRecord } from "../core/log/access-record.ts";
import { LineBuffer } from "../core/log/line-buffer.ts";
import type { LineWriter } from "../core/log/line-pieces.ts";
import { isoTime } from "../core/log/log-time.ts";
import { AccessLogOutput, type Opened } from "./access-log-output.ts";
import { openAppending, withoutBlocking } from "./line-stream.ts";
import type { RefusedRequest } from "./net/connection-context.ts";
import { errorCode } from "../core/error-code.ts";

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

const FLUSH_AFTER_MS = 100;
/**
 * Lines of so many requests are made one after the other: their code and their tables are in the processor's caches then, which between two
 * answers they are not (docs/decisions/016-access-log-writer.md has the figures).
 */
const LINES_AT_ONCE = 128;
/** Each of the two buffers holds so many batches: lines come while one is written. One that had to grow is not kept. */
const BUFFER_BATCHES = 2;
/** Beyond this the reader of the log is too slow: lines are dropped and counted, rather than memory filled. */
const MAX_PENDING_BYTES = 8 * 1024 * 1024;
/** At the end a reader that takes nothing holds up the process for this long, */
const CLOSE_MS = 1000;
/** and one that takes little for this long. */
const LONGEST_CLOSE_MS = 5000;

/** `onTrouble` is told, once in a while, why lines are lost. */
export function openAccessLog(
  options: AccessLogOptions,
  onTrouble: (text: string) => void,
): AccessLog | undefined {
  const { target, format, hasQuery, mayColour } = options;
  if (target.kind === "off") return undefined;
  const isTerminal = target.kind === "stdout" && isatty(1);
  const kind = format === "auto" ? (isTerminal ? "pretty" : "json") : format;
  const writeLine = makeFormat(kind, { hasQuery, hasColour: isTerminal && mayColour });
  const open = target.kind === "stdout" ? openStdout() : () => openForAppend(target.path);
  const output = new AccessLogOutput(open, (code) => {
    onTrouble(troubleText(code));
  });
  return new BatchedLog(output, writeLine, kind === "json" ? droppedJson : droppedText);
}

function openStdout(): () => Opened {
  const descriptor = withoutBlocking(1);
  const opened = { descriptor, isNonBlocking: descriptor !== 1 };
  return () => opened;
}

function openForAppend(path: string): Opened {
  try {
    const descriptor = openAppending(path);
    return { descriptor, isNonBlocking: fstatSync(descriptor).isFIFO() || isatty(descriptor) };
  } catch (error) {
    const reason = errorCode(error);
    throw new StartupError("bad-access-log", { path, reason }, { cause: error });
  }
}

function troubleText(code: string): string {
  if (code === "EPIPE") {
    return "the reader of the access log is gone (EPIPE): its lines are lost; start the server with one that stays, or name a file with --access-log";
  }
  return `the access log cannot be written (${code}): its lines are lost until it can; make room, or name another file with --access-log`;
}

function droppedText(count: number): string {
  return `- ${count} lines dropped\n`;
}

function droppedJson(count: number): string {
  return `{"time":"${isoTime(Date.now())}","dropped_lines":${count}}\n`;
}

class BatchedLog implements AccessLog {
  readonly #output: AccessLogOutput;
  readonly #writeLine: LineWriter;
  readonly #droppedLine: (count: number) => string;
  readonly #record = new AccessRecord();
  /** Requests that are over and have no line yet, and when they were over. */
  readonly #held: (Exchange | undefined)[] = Array.from({ length: LINES_AT_ONCE }, () => undefined);
  readonly #heldSince = new Float64Array(LINES_AT_ONCE);
  #heldCount = 0;
  readonly #bufferBytes: number;
  /** Lines that wait. */
  #pending: LineBuffer;
  /** Of the batch that is being written, or was last. */
  #written: LineBuffer;
  #dropped = 0;
  #isWriting = false;
  #timer: NodeJS.Timeout | undefined;
  /** Some of the lines that wait have done so for long enough. */
  #isDue = false;
  /** All that is left is written, and nothing comes any more. */
  #isEnding = false;
  #isRetired = false;
  #onIdle: (() => void) | undefined;

  constructor(
    output: AccessLogOutput,
    writeLine: LineWriter,
    droppedLine: (count: number) => string,
  ) {
    this.#output = output;
    this.#writeLine = writeLine;
    this.#droppedLine = droppedLine;
    this.#bufferBytes = BUFFER_BATCHES * output.batchBytes;
    this.#pending = new LineBuffer(this.#bufferBytes);
    this.#written = new LineBuffer(this.#bufferBytes);
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
    this.#output.reopen();
  }

  async close(): Promise<void> {
    this.#end(false);
    const endAt = performance.now() + LONGEST_CLOSE_MS;
    let takenBytes = -1;
    while (this.#isWriting && takenBytes !== this.#output.takenBytes && performance.now() < endAt) {
      ({ takenBytes } = this.#output);
      await this.#idle();
    }
    if (!this.#isWriting) return;
    this.#output.giveUp();
    await this.#idle();
  }

  retire(): void {
    this.#end(true);
  }

  #end(isRetired: boolean): void {
    clearTimeout(this.#timer);
    // Before the rest: a write may be over at once, and the first that leaves nothing is then the last.
    this.#makeLines();
    this.#isEnding = true;
    this.#isRetired ||= isRetired;
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
    if (this.#pending.at >= this.#output.batchBytes) this.#flush();
  }

  readonly #onTimer = (): void => {
    this.#timer = undefined;
    this.#isDue = true;
    this.#makeLines();
    this.#flush();
  };

  #flush(): void {
    if (this.#isWriting) return;
    this.#isDue = false;
    if (this.#pending.at === 0) {
      this.#onIdle?.();
      if (this.#isRetired) this.#output.close();
      this.#isRetired = false;
      return;
    }
    if (this.#dropped > 0) this.#pending.utf8(this.#droppedLine(this.#dropped));
    this.#dropped = 0;
    const lines = this.#pending;
    this.#pending = this.#written;
    this.#pending.restart(this.#bufferBytes);
    this.#written = lines;
    this.#isWriting = true;
    this.#output.write(lines.bytes, lines.at, this.#onWritten);
  }

  readonly #onWritten = (): void => {
    this.#isWriting = false;
    // Else what came meanwhile waits for its time: few large writes cost less than many small ones.
    const isEnough = this.#pending.at >= this.#output.batchBytes;
    if (isEnough || this.#isDue || this.#isEnding) this.#flush();
  };
}
