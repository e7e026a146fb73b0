// The start of an environ: the entries that say where a request comes from and where it came in. Made once for a connection,
// and again for each request of which a trusted proxy tells more.

import { Buffer } from "node:buffer";
import type { Shape } from "./environ-shapes.ts";
import { MARSHAL, textOf } from "./marshal.ts";

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
const NONE = Uint8Array.of(MARSHAL.none);

export interface ConnectionEnviron {
  /** The open dict: what the requests of many connections have in common, and the keys of the rest. */
  readonly shape: Uint8Array;
  /** The texts of the rest, `count` of them. */
  readonly values: Uint8Array;
  readonly count: number;
  /** A request has come. */
  hasBegun: boolean;
  /** The whole shape of the last request, which the next one may have too. */
  shapeOfLast: Shape | undefined;
}

export function encodeConnectionEnviron(facts: ConnectionFacts): ConnectionEnviron {
  const { scheme, remoteAddress, remotePort, serverName, serverPort } = facts;
  const { scriptName = "", host = "" } = facts;
  const shape: Uint8Array[] = [Uint8Array.of(MARSHAL.dict)];
  shape.push(KEY.scriptName, textOf(scriptName), KEY.scheme, textOf(scheme));
  shape.push(KEY.serverName, textOf(serverName), KEY.serverPort, textOf(serverPort));
  // What Apache's modules and CGI scripts know an https request by; applications look at it too.
  if (scheme === "https") shape.push(KEY.https, textOf("on"));
  const values: Uint8Array[] = [];
  const add = (key: Uint8Array, value: string): void => {
    shape.push(key, NONE);
    values.push(textOf(value));
  };
  add(KEY.remoteAddress, remoteAddress);
  if (remotePort !== "") add(KEY.remotePort, remotePort);
  if (host !== "") add(KEY.host, host);
  return {
    shape: concat(shape),
    values: concat(values),
    count: values.length,
    hasBegun: false,
    shapeOfLast: undefined,
  };
}

/** Of its own size: an idle connection must not hold a piece of Node's pool. */
function concat(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
