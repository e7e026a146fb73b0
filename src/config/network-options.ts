// The part of the option table that says where the server listens and whom it believes. options.ts puts the parts together.

import type { ForwardedHeader } from "../core/forwarded/request-facts.ts";
import { BIND_PORT, type BindAddress, bindAddress } from "./bind-address.ts";
import { forwardedHeaders } from "./forwarded-headers.ts";
import { choice, count, fileMode, listOf, toggle } from "./kinds.ts";
import { option } from "./option.ts";
import { peerList } from "./peer-list.ts";

export const NETWORK_OPTIONS = {
  bind: option<readonly BindAddress[]>({
    kind: listOf(bindAddress),
    group: "network",
    short: "b",
    compute: ({ passedSockets }) =>
      passedSockets.length > 0
        ? passedSockets
        : [{ kind: "tcp", host: "127.0.0.1", port: BIND_PORT }],
    computed: `LISTEN_FDS, else 127.0.0.1:${BIND_PORT}`,
    help: "where to listen; repeatable",
  }),
  socketMode: option({
    kind: fileMode,
    group: "network",
    default: 0o660,
    help: "permissions of a unix: socket, in octal",
  }),
  reusePort: option({
    kind: toggle,
    group: "network",
    default: false,
    help: "share a TCP port with other servers",
  }),
  backlog: option({
    kind: count({ min: 1, max: 65_535 }),
    group: "network",
    default: 2048,
    help: "connections that the kernel holds before they are accepted",
  }),
  forwardedAllowIps: option({
    kind: peerList,
    group: "network",
    default: { everybody: false, unix: false, networks: [] },
    help: "proxies that are believed: addresses, networks, unix, *",
  }),
  forwardedHeaders: option<readonly ForwardedHeader[]>({
    kind: forwardedHeaders,
    group: "network",
    default: forwardedHeaders.parse("x-forwarded"),
    help: "what is believed of them; or forwarded",
  }),
  proxyProtocol: option({
    kind: toggle,
    group: "network",
    default: false,
    help: "each connection begins with a PROXY header (v1 or v2)",
  }),
  directSockets: option<"auto" | "off">({
    kind: choice("auto", "off"),
    group: "network",
    default: "auto",
    help: "read and write sockets without Node's streams (Linux)",
  }),
  maxConnections: option({
    kind: count({ min: 1, max: 1_000_000 }),
    group: "network",
    default: 10_000,
    help: "open connections, or what file descriptors allow",
  }),
};
