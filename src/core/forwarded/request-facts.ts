// What a trusted proxy tells of a request (RFC 7239, and the X-Forwarded fields of common use) -> the facts of its environ.
// Pure. Asked only for connections of trusted proxies; who is one, the policy knows.
//
// Theory of operation: each proxy adds at the end what it saw, so the last entry is the nearest proxy's word, and the entry before it is
// the word of the hop that this last entry names. Entries are read from the end for as long as the hop that they name is itself a trusted
// proxy: the first that is not is the client, and whatever stands in front of it is the client's own claim.

import { Buffer } from "node:buffer";
import type { RequestHead } from "../http/request-head.ts";
import { latin1Of } from "../http/request-head.ts";
import { REFUSALS, type Refusal } from "../http/refusal.ts";
import { isAuthority } from "../http1/authority.ts";
import type { ConnectionFacts } from "../wire/connection-environ.ts";
import { type ForwardedElement, parseForwarded } from "./forwarded-field.ts";
import { parseNode } from "./node.ts";

/** The fields that may count, by the names that --forwarded-headers takes. */
export const FORWARDED_HEADERS = [
  "x-forwarded-for",
  "x-forwarded-proto",
  "x-forwarded-host",
  "x-forwarded-port",
  "x-forwarded-prefix",
  "forwarded",
] as const;
export type ForwardedHeader = (typeof FORWARDED_HEADERS)[number];

export interface ForwardingPolicy {
  /** Either `forwarded` or some of the others: a proxy writes one kind, and passes what the client says in the other. */
  readonly headers: ReadonlySet<ForwardedHeader>;
  isAddress(text: string): boolean;
  /** Is this hop one of the proxies? Empty for a Unix socket. */
  isProxy(address: string): boolean;
}

/** What the fields said, of the client's end of the chain. */
interface Told {
  client: { address: string; port: string } | undefined;
  proto: string;
  host: string;
  port: string;
  prefix: string;
}

/**
 * The facts of this request; `connection` itself when no field that counts is there. A field that counts and cannot be understood is
 * refused: to leave it out would show the proxy's own address, which applications may trust.
 */
export function requestFacts(
  head: RequestHead,
  connection: ConnectionFacts,
  policy: ForwardingPolicy,
): ConnectionFacts | Refusal {
  const values = valuesOf(head, policy.headers);
  if (values === undefined) return connection;
  const told = policy.headers.has("forwarded")
    ? readForwarded(values.get("forwarded") ?? "", policy)
    : readXForwarded(values, policy);
  return told === undefined
    ? REFUSALS.badForwarded
    : (factsOf(told, connection) ?? REFUSALS.badForwarded);
}

/** The values of the fields that count, several of one name joined (RFC 9110 section 5.3). */
function valuesOf(
  head: RequestHead,
  headers: ReadonlySet<string>,
): Map<string, string> | undefined {
  let values: Map<string, string> | undefined;
  for (let i = 0; i < head.fieldCount; i++) {
    const lower = head.names[i]?.lower ?? "";
    if (!headers.has(lower)) continue;
    const text = textIn(head.bytes, head.valueStart(i), head.valueEnd(i));
    values ??= new Map();
    const before = values.get(lower);
    values.set(lower, before === undefined ? text : `${before},${text}`);
  }
  return values;
}

/** Connections read into Buffers, which make a text ten times as fast as latin1Of. */
function textIn(bytes: Uint8Array, start: number, end: number): string {
  return bytes instanceof Buffer
    ? bytes.toString("latin1", start, end)
    : latin1Of(bytes, start, end);
}

function readForwarded(text: string, policy: ForwardingPolicy): Told | undefined {
  const elements = parseForwarded(text);
  if (elements === undefined) return undefined;
  const walk = clientAmong(
    elements.map((element) => element.for ?? "unknown"),
    policy,
  );
  if (walk === undefined) return undefined;
  const element: ForwardedElement | undefined = elements[walk.index];
  return {
    client: walk.client,
    proto: element?.proto ?? "",
    host: element?.host ?? "",
    port: "",
    prefix: "",
  };
}

function readXForwarded(
  values: ReadonlyMap<string, string>,
  policy: ForwardingPolicy,
): Told | undefined {
  const hops = listOf(values.get("x-forwarded-for"));
  const walk = clientAmong(hops, policy);
  if (walk === undefined) return undefined;
  // The nearest proxy's word. What stands before it may be the client's own, however many values there are: a proxy need not add to each field.
  const told = (name: ForwardedHeader): string => listOf(values.get(name)).at(-1) ?? "";
  return {
    client: walk.client,
    proto: told("x-forwarded-proto"),
    host: told("x-forwarded-host"),
    port: told("x-forwarded-port"),
    prefix: told("x-forwarded-prefix"),
  };
}

/** Empty elements are skipped (RFC 9110 section 5.6.1). */
function listOf(text: string | undefined): readonly string[] {
  if (text === undefined) return [];
  if (!text.includes(",")) return text === "" ? [] : [text];
  return text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

interface Walk {
  /** The entry at which the walk ended. */
  readonly index: number;
  /** The last hop that is known; undefined where none is named. */
  readonly client: { address: string; port: string } | undefined;
}

/** From the nearest hop on, as long as proxies are named. Undefined when an entry on the way is malformed. */
function clientAmong(hops: readonly string[], policy: ForwardingPolicy): Walk | undefined {
  let client: Walk["client"];
  for (let index = hops.length - 1; index >= 0; index--) {
    const node = parseNode(hops[index] ?? "", (text) => policy.isAddress(text));
    if (node === undefined) return undefined;
    const isHidden = node.address === "" && !node.isUnix;
    if (isHidden) return { index, client };
    client = { address: node.address, port: node.port };
    if (index === 0 || !policy.isProxy(node.address)) return { index, client };
  }
  return { index: 0, client };
}

function factsOf(told: Told, connection: ConnectionFacts): ConnectionFacts | undefined {
  const scheme = schemeOf(told.proto, connection.scheme);
  const port =
    /^(?:\d{1,5})?$/.test(told.port) && Number(told.port) <= 65_535 ? told.port : undefined;
  const scriptName = scriptNameOf(told.prefix);
  if (scheme === undefined || port === undefined || scriptName === undefined) return undefined;
  if (told.host !== "" && !isAuthorityText(told.host)) return undefined;
  const client =
    told.client === undefined
      ? { remoteAddress: connection.remoteAddress, remotePort: connection.remotePort }
      : { remoteAddress: told.client.address, remotePort: told.client.port };
  const { name, port: portOfHost } = splitAuthority(told.host);
  const isTold = told.proto !== "" || told.host !== "" || port !== "";
  const usualPort = scheme === "https" ? "443" : "80";
  const serverPort = port || portOfHost || usualPort;
  const isUnusual = told.host !== "" && portOfHost === "" && serverPort !== usualPort;
  return {
    ...client,
    scheme,
    serverName: name === "" ? connection.serverName : name,
    serverPort: isTold ? serverPort : connection.serverPort,
    scriptName,
    host: isUnusual ? `${told.host}:${serverPort}` : told.host,
  };
}

function schemeOf(proto: string, scheme: "http" | "https"): "http" | "https" | undefined {
  const lower = proto.toLowerCase();
  if (lower === "") return scheme;
  return lower === "http" || lower === "https" ? lower : undefined;
}

/**
 * The path under which the proxy shows the application, and which it has taken off: `/shop`. Nothing that a browser would take for another
 * host (`//evil.example`, `/\evil.example`) or another path.
 */
function scriptNameOf(prefix: string): string | undefined {
  if (prefix === "" || prefix === "/") return "";
  const path = prefix.endsWith("/") ? prefix.slice(0, -1) : prefix;
  if (!/^(?:\/[\w.~!$&'()*+,;=:@-]+)+$/.test(path)) return undefined;
  return path.split("/").some((part) => part === "." || part === "..") ? undefined : path;
}

function isAuthorityText(text: string): boolean {
  const bytes = Buffer.from(text, "latin1");
  return isAuthority(bytes, 0, bytes.length);
}

/** IPv6 addresses keep their brackets, as in SERVER_NAME of a listener. */
function splitAuthority(authority: string): { name: string; port: string } {
  const match = /^(?<name>\[[^\]]*\]|[^:]*)(?::(?<port>\d*))?$/.exec(authority);
  const { name, port } = match?.groups ?? {};
  return { name: name ?? "", port: port ?? "" };
}
