// What error pages and logs want to know of a request, read from its environ when they want it.

import type { WholeRequest } from "./exchange.ts";
import { asciiText, environKey, environValue, valueAt } from "../wire/environ-lookup.ts";

const ACCEPT = environKey("HTTP_ACCEPT");

type Identified = Pick<WholeRequest, "environ" | "idStart" | "idEnd">;

/** The request's id; empty when ids are off. */
export function requestIdOf({ environ, idStart, idEnd }: Identified): string {
  return idEnd === idStart ? "" : asciiText(environ, idStart, idEnd);
}

/** Method, space and target as sent, latin-1. */
export function requestLineOf(
  request: Pick<WholeRequest, "environ" | "method" | "targetAt">,
): string {
  return `${request.method} ${valueAt(request.environ, request.targetAt)}`;
}

/** What the form of an error page depends on. */
export function pageFacts(request: Pick<WholeRequest, "environ" | "isHead" | "minorVersion">): {
  isHead: boolean;
  minorVersion: number;
  accept: string;
} {
  const { isHead, minorVersion, environ } = request;
  return { isHead, minorVersion, accept: environValue(environ, ACCEPT) };
}
