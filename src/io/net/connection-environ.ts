// What the environs of all requests of one connection have in common.

import type { Socket } from "node:net";
import { encodeConnectionEnviron } from "../../core/wire/environ.ts";

/** `address`: what requests that come in here say of the server. A Unix socket has no remote address: an empty one, and no port. */
export function connectionEnviron(
  socket: Socket,
  address: { readonly serverName: string; readonly serverPort: string },
): Uint8Array {
  return encodeConnectionEnviron({
    remoteAddress: socket.remoteAddress ?? "",
    remotePort: socket.remotePort === undefined ? "" : String(socket.remotePort),
    serverName: address.serverName,
    serverPort: address.serverPort,
    scheme: "http",
  });
}
