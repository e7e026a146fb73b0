// The server's own log: one line each, to stderr. What the application prints goes past it, untouched.

export type LogLevel = "info" | "warning" | "error";

export interface Log {
  info(text: string): void;
  warning(text: string): void;
  error(text: string): void;
  write(level: LogLevel, text: string): void;
}

/** Where lines go; each ends in a line feed. */
export interface LogStream {
  write(text: string): void;
}

/** Lines go to `stream` as `rickhouse: text` or `rickhouse: warning: text`; further lines of one text are indented. */
export function createLog(stream: LogStream): Log {
  const write = (level: LogLevel, text: string): void => {
    const prefix = level === "info" ? "rickhouse: " : `rickhouse: ${level}: `;
    stream.write(`${prefix}${printable(text).replaceAll("\n", "\n    ")}\n`);
  };
  return {
    write,
    info: (text) => {
      write("info", text);
    },
    warning: (text) => {
      write("warning", text);
    },
    error: (text) => {
      write("error", text);
    },
  };
}

/** Nothing that a client or an application says may steer the terminal that shows the log. */
function printable(text: string): string {
  return text.replaceAll(/[^\P{Cc}\n\t]/gu, (control) => {
    return `\\x${(control.codePointAt(0) ?? 0).toString(16).padStart(2, "0")}`;
  });
}
