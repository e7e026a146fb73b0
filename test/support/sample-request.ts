// A request as a test writes it down -> the RequestHead that the parser would fill, without the parser; and the environ
// that it should become, worked out with strings: the slow twin of src/core/wire/environ.ts.

import { FIELD, FieldNameTable } from "../../src/core/http/field-names.ts";
import { RequestHead, TARGET_FORM } from "../../src/core/http/request-head.ts";
import type { ConnectionFacts } from "../../src/core/wire/connection-environ.ts";

export interface SampleRequest {
  readonly method: string;
  readonly target: string;
  readonly minorVersion: number;
  /** Names and values; characters are bytes. */
  readonly fields: readonly (readonly [string, string])[];
}

const NAMES = new FieldNameTable();

/** `tableFor` gives the table for each field's name: a new one each time is as if the shared one were full. */
export function headOf(
  request: SampleRequest,
  tableFor: () => FieldNameTable = () => NAMES,
): RequestHead {
  const { method, target, fields } = request;
  const head = new RequestHead();
  // Something stands before and behind the head, as in a real chunk.
  let text = `junk${method} ${target} HTTP/1.${request.minorVersion}\r\n`;
  head.methodStart = 4;
  head.methodEnd = 4 + method.length;
  head.minorVersion = request.minorVersion;
  placeTarget(head, target);
  const seen = new Set<string>();
  for (const [name, value] of fields) {
    const start = text.length;
    text += `${name}: ${value}\r\n`;
    const bytes = Buffer.from(text, "latin1");
    const index = head.fieldCount++;
    const found = tableFor().find(bytes, start, start + name.length, hashOf(name));
    head.names[index] = found;
    head.offsets[index * 2] = start + name.length + 2;
    head.offsets[index * 2 + 1] = text.length - 2;
    head.nonAscii[index] = isAsciiText(value) ? 0 : 1;
    head.hasRepeatedFields ||= seen.has(found.lower);
    seen.add(found.lower);
    if (found.id === FIELD.contentLength) head.contentLength = Number(value);
    if (found.id === FIELD.transferEncoding) head.contentLength = -1;
  }
  head.bytes = Buffer.from(`${text}\r\nbody`, "latin1");
  return head;
}

interface TargetParts {
  readonly authority: string;
  readonly path: string;
  /** With its `?`, or empty. */
  readonly query: string;
}

/** RFC 9112 section 3.2. */
function partsOf(target: string): TargetParts {
  const absolute = /^https?:\/\/(?<authority>[^/?]*)/i.exec(target);
  const rest = absolute ? target.slice(absolute[0].length) : target;
  const mark = rest.indexOf("?");
  return {
    authority: absolute?.groups?.["authority"] ?? "",
    path: mark < 0 ? rest : rest.slice(0, mark),
    query: mark < 0 ? "" : rest.slice(mark),
  };
}

function placeTarget(head: RequestHead, target: string): void {
  const { authority, path, query } = partsOf(target);
  head.targetStart = head.methodEnd + 1;
  head.targetEnd = head.targetStart + target.length;
  head.pathStart = head.targetEnd - query.length - path.length;
  head.pathEnd = head.pathStart + path.length;
  head.queryStart = query === "" ? head.targetEnd : head.pathEnd + 1;
  head.queryEnd = head.targetEnd;
  head.pathHasEscapes = path.includes("%");
  if (target === "*") {
    head.targetForm = TARGET_FORM.asterisk;
    head.pathEnd = head.pathStart;
  } else if (!target.startsWith("/")) {
    head.targetForm = TARGET_FORM.absolute;
    head.authorityEnd = head.pathStart;
    head.authorityStart = head.pathStart - authority.length;
  }
}

/** What the application has to see. `decodedLength` is that of a chunked body, or -1. */
export function environOf(
  request: SampleRequest,
  connection: ConnectionFacts,
  decodedLength: number,
): Record<string, string> {
  const { authority, path, query } = partsOf(request.target);
  const environ = new Map<string, string>([
    ["SCRIPT_NAME", ""],
    ["wsgi.url_scheme", connection.scheme],
    ["REMOTE_ADDR", connection.remoteAddress],
    ["SERVER_NAME", connection.serverName],
    ["SERVER_PORT", connection.serverPort],
    ["REQUEST_METHOD", request.method],
    ["SERVER_PROTOCOL", request.minorVersion === 0 ? "HTTP/1.0" : "HTTP/1.1"],
    ["PATH_INFO", percentDecoded(path) || "/"],
    ["QUERY_STRING", query.slice(1)],
    ["REQUEST_URI", request.target],
    ["RAW_URI", request.target],
  ]);
  if (connection.scheme === "https") environ.set("HTTPS", "on");
  if (connection.remotePort !== "") environ.set("REMOTE_PORT", connection.remotePort);
  for (const [name, value] of request.fields) {
    if (/_|^proxy$|^transfer-encoding$/i.test(name)) continue;
    const cgi = name.toUpperCase().replaceAll("-", "_");
    const key = /^CONTENT_(?:TYPE|LENGTH)$/.test(cgi) ? cgi : `HTTP_${cgi}`;
    const before = environ.get(key);
    const separator = key === "HTTP_COOKIE" ? "; " : ", ";
    environ.set(key, before === undefined ? value : before + separator + value);
    if (key === "CONTENT_LENGTH") environ.set(key, String(Number(value)));
  }
  if (authority !== "") environ.set("HTTP_HOST", authority);
  if (decodedLength >= 0) environ.set("CONTENT_LENGTH", String(decodedLength));
  return Object.fromEntries(environ);
}

function percentDecoded(path: string): string {
  return path.replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

function isAsciiText(text: string): boolean {
  return !Array.from(text).some((character) => character.charCodeAt(0) >= 0x80);
}

function hashOf(name: string): number {
  let hash = 0;
  for (const character of name.toLowerCase()) {
    hash = (Math.imul(hash, 33) ^ character.charCodeAt(0)) | 0;
  }
  return hash;
}
