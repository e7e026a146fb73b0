// Who a proxy says that it heard from: an address, perhaps with a port, as X-Forwarded-For and `for` of Forwarded carry it
// (RFC 7239 section 6). Knows the forms only; what an address is, the caller knows.

import { withoutMapping } from "../mapped-address.ts";

/** `address` is empty for one that is hidden: `unknown` or an obfuscated name. */
export interface ForwardedNode {
  readonly address: string;
  /** Digits, or empty. */
  readonly port: string;
  /** nginx says `unix:` of a client that came over a Unix socket. */
  readonly isUnix: boolean;
}

const UNIX: ForwardedNode = { address: "", port: "", isUnix: true };
const HIDDEN: ForwardedNode = { address: "", port: "", isUnix: false };

/** Undefined for what is no node. `isAddress` is asked of IPv4 and IPv6 addresses without brackets. */
export function parseNode(
  text: string,
  isAddress: (text: string) => boolean,
): ForwardedNode | undefined {
  if (text === "unix:") return UNIX;
  const { name, port } = splitPort(text);
  if (!/^(?:|\d{1,5}|_[\w.-]+)$/.test(port) || Number(port) > 65_535) return undefined;
  if (/^(?:unknown|_[\w.-]+)$/i.test(name)) return HIDDEN;
  if (!isAddress(name)) return undefined;
  return {
    address: withoutMapping(name),
    port: port.startsWith("_") ? "" : port,
    isUnix: false,
  };
}

/** `192.0.2.1:80`, `[2001:db8::1]:80`, and without a port `[2001:db8::1]` or `2001:db8::1`, which X-Forwarded-For has bare. */
function splitPort(text: string): { name: string; port: string } {
  const bracket = /^\[([^\]]*)\](?::(.+))?$/.exec(text);
  if (bracket !== null) return { name: bracket[1] ?? "", port: bracket[2] ?? "" };
  const colon = text.indexOf(":");
  const hasPort = colon > 0 && colon === text.lastIndexOf(":") && colon < text.length - 1;
  return hasPort
    ? { name: text.slice(0, colon), port: text.slice(colon + 1) }
    : { name: text, port: "" };
}
