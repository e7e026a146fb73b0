// Where a listening socket really is, for people and for applications.

import type { Server } from "node:net";
import type { BindAddress } from "../../config/bind-address.ts";

export interface ListenerPlace {
  /** Its clients have no addresses. */
  readonly isUnix: boolean;
  /** For people: `http://127.0.0.1:8888` or `unix:/run/app.sock`. */
  readonly url: string;
  /** SERVER_NAME and SERVER_PORT of requests that come in here (RFC 3875 section 4.1.14 and 4.1.15). */
  readonly serverName: string;
  readonly serverPort: string;
}

/** No name fits a Unix socket, and PEP 3333 wants none empty: what a URL without host and port would mean. */
const UNIX_SERVER = { isUnix: true, serverName: "localhost", serverPort: "80" } as const;

export function placeOf(server: Server, address: BindAddress): ListenerPlace {
  if (address.kind === "unix") return { url: `unix:${address.path}`, ...UNIX_SERVER };
  const bound = server.address();
  if (address.kind === "tcp") {
    const port = bound === null || typeof bound === "string" ? address.port : bound.port;
    return describeTcp(address.host, port);
  }
  const passed = `descriptor ${address.fd}${address.name === undefined ? "" : `, ${address.name}`}`;
  // Node tells the address of a TCP socket only.
  if (bound === null || typeof bound === "string") {
    return { url: `a Unix socket (${passed})`, ...UNIX_SERVER };
  }
  const listener = describeTcp(bound.address, bound.port);
  return { ...listener, url: `${listener.url} (${passed})` };
}

function describeTcp(host: string, port: number): ListenerPlace {
  // RFC 3875 section 4.1.14 puts IPv6 addresses in brackets too: PEP 3333 joins SERVER_NAME and `:port` to a URL.
  const serverName = host.includes(":") ? `[${host}]` : host;
  const serverPort = String(port);
  return { isUnix: false, url: `http://${serverName}:${port}`, serverName, serverPort };
}
