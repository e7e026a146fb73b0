// What the environs of all requests of one connection have in common.

import type { Socket } from "node:net";
import { encodeConnectionEnviron } from "../../core/wire/environ.ts";

/** What requests that come in at one listener say of the server (RFC 3875 sections 4.1.14 and 4.1.15). */
export interface ServerAddress {
  readonly serverName: string;
  readonly serverPort: string;
}

/** `address`: what requests that come in here say of the server. A Unix socket has no remote address: an empty one, and no port. */
export function connectionEnviron(socket: Socket, address: ServerAddress): Uint8Array {
  return encodeConnectionEnviron({
    remoteAddress: remoteAddressOf(socket),
    remotePort: socket.remotePort === undefined ? "" : String(socket.remotePort),
    serverName: address.serverName,
    serverPort: address.serverPort,
    scheme: "http",
  });
}

const MAPPED = "::ffff:";

/** An IPv4 client of a socket that takes both families comes as `::ffff:192.0.2.1`: applications and logs know it as 192.0.2.1. */
export function remoteAddressOf(socket: Socket): string {
  const address = socket.remoteAddress ?? "";
  return address.startsWith(MAPPED) && address.includes(".")
    ? address.slice(MAPPED.length)
    : address;
}
