// The start of an environ: the entries that say where a request comes from and where it came in. Made once for a connection,
// and again for each request of which a trusted proxy tells more.

import { Buffer } from "node:buffer";
import type { Shape } from "./environ-shapes.ts";
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
  const { remoteAddress, remotePort, host = "" } = facts;
  const values = [remoteAddress];
  if (remotePort !== "") values.push(remotePort);
  if (host !== "") values.push(host);
  return {
    shape: shapeOf(facts),
    values: textsOf(values),
    count: values.length,
    hasBegun: false,
    shapeOfLast: undefined,
  };
}

/** Beyond this they are forgotten and made again: a proxy tells what names it likes. */
const MAX_SHAPES = 64;
const shapes = new Map<string, Uint8Array>();

/** Connections that come in at the same place have the same one. */
function shapeOf(facts: ConnectionFacts): Uint8Array {
  const { scheme, serverName, serverPort, scriptName = "", remotePort, host = "" } = facts;
  const keys = (remotePort === "" ? 0 : 1) + (host === "" ? 0 : 2);
  const id = `${keys}\n${scheme}\n${serverName}\n${serverPort}\n${scriptName}`;
  let shape = shapes.get(id);
  if (shape === undefined) {
    if (shapes.size >= MAX_SHAPES) shapes.clear();
    shape = encodeShape(facts);
    shapes.set(id, shape);
  }
  return shape;
}

function encodeShape(facts: ConnectionFacts): Uint8Array {
  const { scheme, serverName, serverPort, scriptName = "", remotePort, host = "" } = facts;
  const shape: Uint8Array[] = [Uint8Array.of(MARSHAL.dict)];
  shape.push(KEY.scriptName, textOf(scriptName), KEY.scheme, textOf(scheme));
  shape.push(KEY.serverName, textOf(serverName), KEY.serverPort, textOf(serverPort));
  // What Apache's modules and CGI scripts know an https request by; applications look at it too.
  if (scheme === "https") shape.push(KEY.https, textOf("on"));
  shape.push(KEY.remoteAddress, NONE);
  if (remotePort !== "") shape.push(KEY.remotePort, NONE);
  if (host !== "") shape.push(KEY.host, NONE);
  return new Uint8Array(Buffer.concat(shape));
}

let scratch = new Uint8Array(256);

/** Latin-1 texts, one behind the other. */
function textsOf(texts: readonly string[]): Uint8Array {
  const most = texts.reduce((sum, { length }) => sum + LONG_PREFIX_BYTES + MAX_GROWTH * length, 0);
  if (most > scratch.length) scratch = new Uint8Array(most);
  let at = 0;
  for (const text of texts) {
    const start = at + LONG_PREFIX_BYTES;
    for (let i = 0; i < text.length; i++) scratch[start + i] = text.charCodeAt(i);
    at = closeText(scratch, start, start + text.length);
  }
  // Of its own size: an idle connection must not hold a piece of Node's pool.
  return scratch.slice(0, at);
}
