// Both logs, opened as the configuration says and as the user whom the server becomes.

import { isDeepStrictEqual } from "node:util";
import type { Config } from "../config/options.ts";
import { StartupError } from "../config/startup-error.ts";
import { openAccessLog, type AccessLog, type AccessLogOptions } from "./access-log.ts";
import { broughtOutput } from "./brought-output.ts";
import { asIdentity, type Identity, mayRedirect } from "./identity.ts";
import type { Log } from "./log.ts";
import { type MessageLog, openServerLog } from "./server-log.ts";

export interface Logs {
  readonly log: Log;
  /** Of this moment: a reload may open another. */
  readonly accessLog: AccessLog | undefined;
  /** For what zygotes and workers bring; undefined where they bring nothing. */
  readonly messages: MessageLog | undefined;
  /** After a reload. Where a file cannot be opened the old ones are written on, and the log says so. */
  reconfigure(config: Config): void;
  /** Opens files again. Where one cannot be opened (its directory is gone, say) the old one is written on, and the log says so. */
  reopen(): void;
  /** Resolves when the last lines are written, or when nobody takes them for too long. */
  close(): Promise<void>;
}

/** `run`, with both logs open. Why the start failed stands in the log too: returns the exit code where nobody else need say it. */
export async function withLogs(
  identity: Identity | undefined,
  config: Config,
  run: (logs: Logs) => Promise<number>,
): Promise<number> {
  const isStderr = config.log.kind === "stderr";
  const logs = openLogs(identity, config);
  try {
    return await run(logs);
  } catch (error) {
    if (!(error instanceof StartupError) || (isStderr && config.logFormat === "plain")) throw error;
    logs.log.error(error.message);
    if (isStderr) return error.exitCode;
    throw error;
  } finally {
    await logs.close();
  }
}

function openLogs(identity: Identity | undefined, config: Config): Logs {
  const server = openAs(identity, config.log, (target) => {
    return openServerLog(target, { format: config.logFormat, level: config.logLevel });
  });
  const { log } = server;
  const onTrouble = (text: string): void => {
    log.error(text);
  };
  let level = config.logLevel;
  let opened = accessOptions(config);
  const retired: AccessLog[] = [];
  let accessLog = openAccess(identity, opened, onTrouble);
  return {
    log,
    get accessLog() {
      return accessLog;
    },
    messages: broughtOutput(config) === "nothing" ? undefined : server.messages,
    reconfigure: (next) => {
      // `rickhouse log-level` may have chosen another meanwhile: only who writes another one undoes that.
      if (next.logLevel !== level) log.level = next.logLevel;
      level = next.logLevel;
      const wanted = accessOptions(next);
      if (isDeepStrictEqual(wanted, opened)) return;
      try {
        const old = accessLog;
        // As who the server is by now.
        accessLog = openAccessLog(wanted, onTrouble);
        opened = wanted;
        old?.retire();
        if (old !== undefined) retired.push(old);
      } catch (error) {
        log.error(error instanceof Error ? error.message : String(error));
      }
    },
    reopen: () => {
      // Each for itself: one that fails keeps no other from its new file.
      for (const one of [server, accessLog]) {
        try {
          one?.reopen();
        } catch (error) {
          log.error(error instanceof Error ? error.message : String(error));
        }
      }
    },
    close: async () => {
      await Promise.all(
        [...retired, ...(accessLog === undefined ? [] : [accessLog]), server].map((one) =>
          one.close(),
        ),
      );
    },
  };
}

function accessOptions(config: Config): AccessLogOptions {
  const {
    accessLog: target,
    accessLogFormat: format,
    accessLogQuery: hasQuery,
    mayColour,
  } = config;
  return { target, format, hasQuery, mayColour };
}

function openAccess(
  identity: Identity | undefined,
  options: AccessLogOptions,
  onTrouble: (text: string) => void,
): AccessLog | undefined {
  return openAs(identity, options.target, (target) =>
    openAccessLog({ ...options, target }, onTrouble),
  );
}

/**
 * The user's own file, which can be opened again after the change of user; else root's, where only root may write: in a directory of the user's
 * a link could have root write to any file.
 */
function openAs<Target extends { readonly kind: string; readonly path?: string }, Opened>(
  identity: Identity | undefined,
  target: Target,
  open: (target: Target) => Opened,
): Opened {
  if (identity === undefined || target.kind !== "file") return open(target);
  try {
    return asIdentity(identity, () => open(target));
  } catch (error) {
    if (mayRedirect(identity, target.path ?? "")) throw error;
    return open(target);
  }
}
