// Part of the option table: what is logged of requests, where and how.

import { LOG_LEVELS, type LogLevel } from "../core/log/log-level.ts";
import { choice, logTarget, toggle } from "./kinds.ts";
import { accessLogFormat, type ServerLogTarget, serverLogTarget } from "./log-kinds.ts";
import { option } from "./option.ts";

export const LOG_OPTIONS = {
  log: option<ServerLogTarget>({
    kind: serverLogTarget,
    group: "logs",
    default: { kind: "stderr" },
    help: "where the server's own lines go; - is standard error",
  }),
  logFormat: option<"plain" | "json">({
    kind: choice("plain", "json"),
    group: "logs",
    default: "plain",
    help: "how they look",
  }),
  logLevel: option<LogLevel>({
    kind: choice(...LOG_LEVELS),
    group: "logs",
    reload: "now",
    default: "info",
    help: "the least urgent of them",
  }),
  accessLog: option({
    kind: logTarget,
    group: "logs",
    reload: "now",
    default: { kind: "stdout" },
    help: "a line for each request; - is standard output",
  }),
  accessLogFormat: option({
    kind: accessLogFormat,
    group: "logs",
    reload: "now",
    default: "auto",
    help: "pretty, json, common, combined or '{client} {status}'",
  }),
  accessLogQuery: option<boolean>({
    kind: toggle,
    group: "logs",
    reload: "now",
    default: true,
    help: "log targets with what stands behind their ?",
  }),
  requestId: option<boolean>({
    kind: toggle,
    group: "logs",
    default: true,
    help: "give requests an id: X-Request-ID to application and client",
  }),
};
