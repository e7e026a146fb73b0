// What a client gets when the server itself answers: a small plain page. Pure: a refusal in, the bytes of a whole response out.

import type { Answerable } from "../http/exchange.ts";
import type { Refusal } from "../http/refusal.ts";
import type { OwnFields } from "./response-head.ts";

export interface RefusalContext {
  readonly keepAlive: boolean;
  readonly own: OwnFields;
}

/** Clients and load balancers may try again after this (RFC 9110 section 10.2.3): the queue's own time scale. */
const RETRY_AFTER_SECONDS = 1;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The response, head and body. Nothing that the client sent is in it, so nothing can be injected. */
export function refusalPage(
  refusal: Refusal,
  request: Answerable,
  context: RefusalContext,
): Uint8Array {
  const body = `${refusal.status} ${refusal.reason}\n\n${refusal.title}\n`;
  const lines = [
    `HTTP/1.1 ${refusal.status} ${refusal.reason}`,
    "Content-Type: text/plain; charset=utf-8",
    `Content-Length: ${encoder.encode(body).length}`,
    decoder.decode(context.own.dateAndServer).trimEnd(),
  ];
  if (refusal.status === 503) lines.push(`Retry-After: ${RETRY_AFTER_SECONDS}`);
  if (refusal.status === 405) lines.push("Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
  if (!context.keepAlive) lines.push("Connection: close");
  else if (request.minorVersion === 0) lines.push("Connection: keep-alive");
  return encoder.encode(`${lines.join("\r\n")}\r\n\r\n${request.isHead ? "" : body}`);
}
