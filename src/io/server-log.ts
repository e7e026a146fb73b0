// Where the server's own log goes: standard error, or a file that can be opened again after it was moved away.

import { closeSync } from "node:fs";
import type { ServerLogTarget } from "../config/log-kinds.ts";
import { StartupError } from "../config/startup-error.ts";
import { LineStream, openAppending, withoutBlocking } from "./line-stream.ts";
import type { LogLevel } from "../core/log/log-level.ts";
import { createLog, type Log, type LogFields, type LogOptions } from "./log.ts";
import { errorCode } from "../core/error-code.ts";

/** Lines of others, whatever their level: they wait when nobody reads the log, and none is dropped. */
export interface MessageLog {
  format(level: LogLevel, text: string, fields: LogFields): string;
  /** Lines that `format` made. */
  write(lines: string): void;
  /** Whoever can wait with further lines should, until `onRelief` is called. */
  readonly isBehind: boolean;
  onRelief: (() => void) | undefined;
}

export interface ServerLog {
  readonly log: Log;
  readonly messages: MessageLog;
  /** Opens the file again. Throws StartupError, and goes on with the old one, where that cannot be done. */
  reopen(): void;
  /** Resolves when the last lines are written, or when nobody takes them for too long. */
  close(): Promise<void>;
}

/** Throws StartupError when the file cannot be written. */
export function openServerLog(
  target: ServerLogTarget,
  asked: Omit<LogOptions, "hasTime">,
): ServerLog {
  // Who reads standard error (journald, a container, a terminal) knows when a line came.
  const options = { ...asked, hasTime: target.kind === "file" };
  let descriptor = target.kind === "stderr" ? withoutBlocking(2) : openForAppend(target.path);
  const stream = new LineStream(descriptor, (count) => droppedLine(count, options));
  const reopen = (): void => {
    if (target.kind === "stderr") return;
    const old = descriptor;
    descriptor = openForAppend(target.path);
    stream.moveTo(descriptor);
    closeSync(old);
  };
  return {
    log: createLog(stream, options),
    messages: messageLog(stream, options),
    reopen,
    close: () => stream.close(),
  };
}

function messageLog(stream: LineStream, options: LogOptions): MessageLog {
  let line = "";
  const formatter = createLog({ write: (text) => (line = text) }, { ...options, level: "debug" });
  return {
    format(level, text, fields) {
      formatter.write(level, text, fields);
      return line;
    },
    write: (lines) => {
      stream.write(lines);
    },
    get isBehind() {
      return stream.isBehind;
    },
    set onRelief(onRelief: () => void) {
      stream.onRelief = onRelief;
    },
  };
}

function openForAppend(path: string): number {
  try {
    return openAppending(path);
  } catch (error) {
    const reason = errorCode(error);
    throw new StartupError("bad-log", { path, reason }, { cause: error });
  }
}

function droppedLine(count: number, options: LogOptions): string {
  let line = "";
  const once = createLog({ write: (text) => (line = text) }, { ...options, level: "debug" });
  once.warning(`${count} lines of this log were dropped: nobody read it fast enough`, { count });
  return line;
}
