// How urgent a line of the server's log is.

/** From the least urgent. */
export const LOG_LEVELS = ["debug", "info", "warning", "error"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Undefined for what is no level. */
export function logLevelOf(text: unknown): LogLevel | undefined {
  return LOG_LEVELS.find((level) => level === text);
}
