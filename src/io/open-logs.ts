// Both logs, opened as the configuration says and as the user whom the server becomes.

import type { Config } from "../config/options.ts";
import { openAccessLog, type AccessLog } from "./access-log.ts";
import { asIdentity, type Identity } from "./identity.ts";
import type { Log } from "./log.ts";
import { openServerLog } from "./server-log.ts";

export interface Logs {
  readonly log: Log;
  readonly accessLog: AccessLog | undefined;
  /** Opens files again. Throws StartupError where one cannot be opened: the old one is written on. */
  reopen(): void;
}

export function openLogs(identity: Identity | undefined, config: Config): Logs {
  const { accessLogFormat, accessLogQuery: hasQuery, mayColour } = config;
  const server = openAs(identity, config.log, (target) => {
    return openServerLog(target, { format: config.logFormat, level: config.logLevel });
  });
  const accessLog = openAs(identity, config.accessLog, (target) => {
    return openAccessLog({ target, format: accessLogFormat, hasQuery, mayColour });
  });
  return {
    log: server.log,
    accessLog,
    reopen: () => {
      server.reopen();
      accessLog?.reopen();
    },
  };
}

/** The user's own file, which can be opened again after the change of user; else root's, in a directory where only root may write. */
function openAs<Target extends { readonly kind: string }, Opened>(
  identity: Identity | undefined,
  target: Target,
  open: (target: Target) => Opened,
): Opened {
  if (identity === undefined || target.kind !== "file") return open(target);
  try {
    return asIdentity(identity, () => open(target));
  } catch {
    return open(target);
  }
}
