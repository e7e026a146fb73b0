// One address to listen on, as text and as value. Pure: opens nothing; node:net is asked only whether a text is an IP address.

import { isIPv4, isIPv6 } from "node:net";
import { BadValue, type Kind } from "./kinds.ts";

export type BindAddress =
  | { readonly kind: "tcp"; readonly host: string; readonly port: number }
  | { readonly kind: "unix"; readonly path: string }
  /** A listening socket that whoever started this process has opened; `name` is what systemd calls it (LISTEN_FDNAMES). */
  | { readonly kind: "fd"; readonly fd: number; readonly name?: string };

/** What `sun_path` of every system that we know holds, without the NUL: 104 bytes on macOS, 108 on Linux. */
const MAX_UNIX_PATH_BYTES = 103;

/** 0, 1 and 2 are the standard streams. */
const FIRST_DESCRIPTOR = 3;

/** Where nobody says another. */
export const BIND_PORT = 8888;

/** `HOST:PORT`, `[IPv6]:PORT`, `:PORT` (every IPv4 address of the machine), `unix:PATH` or `fd:N`. Port 0 takes a free one. */
export const bindAddress: Kind<BindAddress> = {
  placeholder: "HOST:PORT|unix:PATH|fd:N",
  example: `127.0.0.1:${BIND_PORT}`,
  schema: { type: "string", pattern: ":" },
  parse: (text) => parseAddress(text, BIND_PORT),
  describe: describeBindAddress,
};

/** `usualPort` is suggested where there is none. Throws BadValue. */
export function parseAddress(text: string, usualPort: number): BindAddress {
  if (text.startsWith("unix:")) return parseUnix(text.slice(5));
  return text.startsWith("fd:") ? parseDescriptor(text.slice(3)) : parseTcp(text, usualPort);
}

/** The text that `--bind` takes for this address; `HOST:PORT` is also what stands behind `http://`. */
export function describeBindAddress(address: BindAddress): string {
  if (address.kind === "unix") return `unix:${address.path}`;
  if (address.kind === "fd") return `fd:${address.fd}`;
  return `${isIPv6(address.host) ? `[${address.host}]` : address.host}:${address.port}`;
}

function parseUnix(path: string): BindAddress {
  if (path === "") throw new BadValue("no path behind unix:", "write it like unix:/run/app.sock");
  if (path.includes("\0"))
    throw new BadValue("a path cannot hold NUL", "write it like unix:/run/app.sock");
  const bytes = new TextEncoder().encode(path).length;
  if (bytes > MAX_UNIX_PATH_BYTES) {
    throw new BadValue(
      `the path has ${bytes} bytes`,
      `a socket path may have ${MAX_UNIX_PATH_BYTES}`,
    );
  }
  return { kind: "unix", path };
}

function parseDescriptor(text: string): BindAddress {
  const fd = /^\d{1,7}$/.test(text) ? Number(text) : -1;
  if (fd >= FIRST_DESCRIPTOR) return { kind: "fd", fd };
  throw new BadValue(
    text === "" ? "no number behind fd:" : `${text} is not the number of a passed descriptor`,
    `write it like fd:${FIRST_DESCRIPTOR}`,
  );
}

function parseTcp(text: string, usualPort: number): BindAddress {
  if (isIPv6(text)) throw new BadValue("no port", `did you mean [${text}]:${usualPort}?`);
  if (text.endsWith("]")) throw new BadValue("no port", `did you mean ${text}:${usualPort}?`);
  const colon = text.lastIndexOf(":");
  if (colon < 0) throw new BadValue("no port", suggestWithoutPort(text, usualPort));
  const host = parseHost(text.slice(0, colon), text.slice(colon + 1), usualPort);
  return { kind: "tcp", host, port: parsePort(text.slice(colon + 1)) };
}

function suggestWithoutPort(text: string, usualPort: number): string {
  if (/^\d{1,5}$/.test(text)) return `did you mean 127.0.0.1:${text}?`;
  if (text.includes("/")) return `did you mean unix:${text}?`;
  return isHostName(text) ? `did you mean ${text}:${usualPort}?` : exampleWith(usualPort);
}

function exampleWith(usualPort: number): string {
  return `write HOST:PORT like 127.0.0.1:${usualPort}, or unix:PATH`;
}

function parseHost(host: string, port: string, usualPort: number): string {
  if (host === "") return "0.0.0.0";
  if (host.startsWith("[") && host.endsWith("]")) {
    const inner = host.slice(1, -1);
    if (isIPv6(inner)) return inner;
    throw new BadValue("no IPv6 address in the brackets", `write it like [::1]:${usualPort}`);
  }
  if (isIPv6(host))
    throw new BadValue("an IPv6 address needs brackets", `did you mean [${host}]:${port}?`);
  if (/^[\d.]+$/.test(host) ? isIPv4(host) : isHostName(host)) return host;
  throw new BadValue(`${host} is neither a host name nor an IP address`, exampleWith(usualPort));
}

function parsePort(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new BadValue(
    text === "" ? "no port" : `${text} is no port`,
    "a port is a number from 0 to 65535",
  );
}

/** RFC 952 and 1123, with `_`, which container networks use. */
function isHostName(text: string): boolean {
  return (
    text.length <= 253 &&
    /^[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*\.?$/i.test(text)
  );
}
