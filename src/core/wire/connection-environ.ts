// The start of an environ: the dict, and the entries that say where a request comes from and where it came in. Made once for a connection,
// and again for each request of which a trusted proxy tells more.

import { Buffer } from "node:buffer";
import { closeText, LONG_PREFIX_BYTES, MARSHAL, MAX_GROWTH, textOf } from "./marshal.ts";

/** What is the same for every request of one connection. Texts are latin-1. */
export interface ConnectionFacts {
  readonly remoteAddress: string;
  /** Empty for a Unix socket: REMOTE_PORT is then left out. */
  readonly remotePort: string;
  readonly serverName: string;
  readonly serverPort: string;
  readonly scheme: "http" | "https";
  /** Where a proxy shows the application: `/shop`; empty, as a rule. */
  readonly scriptName?: string;
  /** Takes the place of the Host field unless it is empty. */
  readonly host?: string;
}

const KEY = {
  scriptName: textOf("SCRIPT_NAME"),
  scheme: textOf("wsgi.url_scheme"),
  remoteAddress: textOf("REMOTE_ADDR"),
  serverName: textOf("SERVER_NAME"),
  serverPort: textOf("SERVER_PORT"),
  remotePort: textOf("REMOTE_PORT"),
  https: textOf("HTTPS"),
  host: textOf("HTTP_HOST"),
};

/** All keys, and the prefixes of all values. */
const FIXED_BYTES = 256;

/** The open dict and its first entries. */
export function encodeConnectionEnviron(facts: ConnectionFacts): Uint8Array {
  const { scheme, remoteAddress, remotePort, serverName, serverPort } = facts;
  const { scriptName = "", host = "" } = facts;
  const texts =
    remoteAddress.length + serverName.length + scriptName.length + host.length + 2 * "65535".length;
  const out = Buffer.allocUnsafe(FIXED_BYTES + MAX_GROWTH * texts);
  out[0] = MARSHAL.dict;
  let at = writeEntry(out, 1, KEY.scriptName, scriptName);
  at = writeEntry(out, at, KEY.scheme, scheme);
  at = writeEntry(out, at, KEY.remoteAddress, remoteAddress);
  at = writeEntry(out, at, KEY.serverName, serverName);
  at = writeEntry(out, at, KEY.serverPort, serverPort);
  if (remotePort !== "") at = writeEntry(out, at, KEY.remotePort, remotePort);
  // What Apache's modules and CGI scripts know an https request by; applications look at it too.
  if (scheme === "https") at = writeEntry(out, at, KEY.https, "on");
  if (host !== "") at = writeEntry(out, at, KEY.host, host);
  // Of its own size: an idle connection must not hold a piece of Node's pool.
  return new Uint8Array(out.subarray(0, at));
}

function writeEntry(out: Buffer, at: number, key: Uint8Array, value: string): number {
  out.set(key, at);
  const start = at + key.length + LONG_PREFIX_BYTES;
  out.write(value, start, "latin1");
  return closeText(out, start, start + value.length);
}
