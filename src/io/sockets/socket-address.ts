// Who is at the other end, as accept(2) tells it: `struct sockaddr_in`, `sockaddr_in6` or `sockaddr_un`.

import type { Libc } from "./libc.ts";

export interface Peer {
  readonly family: "IPv4" | "IPv6";
  readonly address: string;
  readonly port: number;
}

/** Room for any of the three. */
export const ADDRESS_BYTES = 128;

const AF_INET = 2;
const AF_INET6 = 10;
const PORT_AT = 2;
const IPV4_AT = 4;
const IPV6_AT = 8;
const IPV6_END = 24;

/** Undefined for a Unix socket, whose other end has neither address nor port. `address` is in the order of this machine but for what the network sees. */
export function peerOf(address: Buffer, libc: Libc): Peer | undefined {
  const family = address.readUInt16LE(0);
  const port = address.readUInt16BE(PORT_AT);
  if (family === AF_INET) {
    const text = `${address[IPV4_AT]}.${address[IPV4_AT + 1]}.${address[IPV4_AT + 2]}.${address[IPV4_AT + 3]}`;
    return { family: "IPv4", address: text, port };
  }
  if (family !== AF_INET6) return undefined;
  const text = Buffer.alloc(ADDRESS_BYTES);
  libc.inetNtop(AF_INET6, address.subarray(IPV6_AT, IPV6_END), text, text.length);
  return { family: "IPv6", address: text.toString("latin1", 0, text.indexOf(0)), port };
}
