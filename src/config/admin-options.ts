// The part of the option table that is about the admin side; options.ts takes it in.

import {
  type AdminAddress,
  adminAddress,
  healthPath,
  type SecretSource,
  secretSource,
} from "./admin-address.ts";
import { choice } from "./kinds.ts";
import { option } from "./option.ts";

export const ADMIN_OPTIONS = {
  admin: option<AdminAddress>({
    kind: adminAddress,
    group: "network",
    default: { kind: "off" },
    help: "where health, figures, status and control are asked for",
  }),
  adminToken: option<SecretSource>({
    kind: secretSource,
    group: "network",
    default: { kind: "none" },
    help: "what who asks there must present",
  }),
  metricsBridge: option<"auto" | "off">({
    kind: choice("auto", "off"),
    group: "network",
    default: "auto",
    help: "with --admin: merge prometheus_client's figures",
  }),
  healthPath: option({
    kind: healthPath,
    group: "network",
    default: "",
    help: "path that the server answers itself: 200 when ready",
  }),
};
