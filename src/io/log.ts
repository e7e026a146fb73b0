// The server's own log: what a person needs to know, as text or as JSON lines. What the application prints goes past it, untouched.

import { LOG_LEVELS, type LogLevel } from "../core/log/log-level.ts";
import { isoTime } from "../core/log/log-time.ts";

/** What is known beside the text, for programs that read JSON lines; the text says it too. */
export type LogFields = Readonly<Record<string, string | number | null>>;

export interface Log {
  /** What is less urgent than this is not written. May be changed at any time. */
  level: LogLevel;
  debug(text: string, fields?: LogFields): void;
  info(text: string, fields?: LogFields): void;
  warning(text: string, fields?: LogFields): void;
  error(text: string, fields?: LogFields): void;
  write(level: LogLevel, text: string, fields?: LogFields): void;
  /** What somebody has just asked for: as `info`, and written whatever the level. */
  answer(text: string): void;
}

/** Where lines go; each ends in a line feed. */
export interface LogStream {
  write(text: string): void;
}

export interface LogOptions {
  readonly format: "plain" | "json";
  readonly level: LogLevel;
  /** Plain lines begin with the time: where nobody sees when they come, and nothing else keeps it. */
  readonly hasTime?: boolean;
}

/**
 * Plain lines are `rickhouse: text` or `rickhouse: warning: text`, further lines of one text are indented; as JSON each text is one line,
 * a traceback too.
 */
export function createLog(
  stream: LogStream,
  { format, level: firstLevel, hasTime = false }: LogOptions = { format: "plain", level: "info" },
): Log {
  const lineOf = format === "json" ? jsonLine : hasTime ? timedLine : plainLine;
  const write = (level: LogLevel, text: string, fields?: LogFields): void => {
    if (LOG_LEVELS.indexOf(level) < LOG_LEVELS.indexOf(log.level)) return;
    stream.write(lineOf(level, text, fields));
  };
  const log: Log = {
    level: firstLevel,
    write,
    debug: (text, fields) => {
      write("debug", text, fields);
    },
    info: (text, fields) => {
      write("info", text, fields);
    },
    warning: (text, fields) => {
      write("warning", text, fields);
    },
    error: (text, fields) => {
      write("error", text, fields);
    },
    answer: (text) => {
      stream.write(lineOf("info", text));
    },
  };
  return log;
}

function plainLine(level: LogLevel, text: string, { source, pid }: LogFields = {}): string {
  // A report is as it would stand on standard error (python/src/rickhouse/log.py).
  const who = source === undefined ? "rickhouse" : `rickhouse ${String(source)}[${String(pid)}]`;
  const urgency = level === "info" || source !== undefined ? "" : `${level}: `;
  return `${who}: ${urgency}${printable(text).replaceAll("\n", "\n    ")}\n`;
}

function timedLine(level: LogLevel, text: string, fields?: LogFields): string {
  return `${isoTime(Date.now())} ${plainLine(level, text, fields)}`;
}

function jsonLine(level: LogLevel, text: string, fields: LogFields = {}): string {
  const time = isoTime(Date.now());
  const line = JSON.stringify({
    time,
    level,
    message: text.trimEnd(),
    pid: process.pid,
    ...fields,
  });
  return `${line.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, unicodeEscape)}\n`;
}

/** As JSON writes it, beyond 16 bits as two. */
function unicodeEscape(character: string): string {
  return character
    .split("")
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .join("");
}

/** Nothing that a client or an application says may steer the terminal that shows the log. */
function printable(text: string): string {
  return text.replaceAll(/[^\P{Cc}\n\t]/gu, (control) => {
    return `\\x${(control.codePointAt(0) ?? 0).toString(16).padStart(2, "0")}`;
  });
}
