// A log that passes on only what is important enough; how much that is may change while the server runs. Knows no stream.

import type { Log, LogLevel } from "./log.ts";

export const LOG_LEVELS = ["info", "warning", "error"] as const satisfies readonly LogLevel[];

export class LeveledLog implements Log {
  readonly #log: Log;
  /** What is below this is dropped. */
  level: LogLevel = "info";

  constructor(log: Log) {
    this.#log = log;
  }

  info(text: string): void {
    this.write("info", text);
  }

  warning(text: string): void {
    this.write("warning", text);
  }

  error(text: string): void {
    this.write("error", text);
  }

  write(level: LogLevel, text: string): void {
    if (LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(this.level)) this.#log.write(level, text);
  }
}

/** Undefined for what is no level. */
export function logLevelOf(text: unknown): LogLevel | undefined {
  return LOG_LEVELS.find((level) => level === text);
}
