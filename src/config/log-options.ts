// Part of the option table: what is logged of requests, where and how.

import { logTarget, toggle } from "./kinds.ts";
import { accessLogFormat } from "./log-kinds.ts";
import { option } from "./option.ts";

export const LOG_OPTIONS = {
  accessLog: option({
    kind: logTarget,
    group: "logs",
    default: { kind: "stdout" },
    help: "where a line for each request goes; - is standard output",
  }),
  accessLogFormat: option({
    kind: accessLogFormat,
    group: "logs",
    default: "auto",
    help: "pretty, json, common, combined or '{client} {status}'",
  }),
  accessLogQuery: option<boolean>({
    kind: toggle,
    group: "logs",
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
