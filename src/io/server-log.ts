// Where the server's own log goes: standard error, or a file that can be opened again after it was moved away.

import { closeSync, openSync } from "node:fs";
import type { ServerLogTarget } from "../config/log-kinds.ts";
import { StartupError } from "../config/startup-error.ts";
import { LineStream, withoutBlocking } from "./line-stream.ts";
import { createLog, type Log, type LogOptions } from "./log.ts";

export interface ServerLog {
  readonly log: Log;
  /** Opens the file again. Throws StartupError, and goes on with the old one, where that cannot be done. */
  reopen(): void;
}

/** Throws StartupError when the file cannot be written. */
export function openServerLog(target: ServerLogTarget, options: LogOptions): ServerLog {
  let descriptor = target.kind === "stderr" ? withoutBlocking(2) : openForAppend(target.path);
  const stream = new LineStream(descriptor, (count) => droppedLine(count, options.format));
  const reopen = (): void => {
    if (target.kind === "stderr") return;
    const old = descriptor;
    descriptor = openForAppend(target.path);
    stream.moveTo(descriptor);
    closeSync(old);
  };
  return { log: createLog(stream, options), reopen };
}

function openForAppend(path: string): number {
  try {
    return openSync(path, "a", 0o640);
  } catch (error) {
    const reason = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new StartupError("bad-log", { path, reason }, { cause: error });
  }
}

function droppedLine(count: number, format: LogOptions["format"]): string {
  let line = "";
  const once = createLog({ write: (text) => (line = text) }, { format, level: "debug" });
  once.warning(`${count} lines of this log were dropped: nobody read it fast enough`, { count });
  return line;
}
