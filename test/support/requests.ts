// The short ways to say a request to a server under test.

import { RawClient, rawRequest, type RawResponse } from "./raw-client.ts";

/** A whole request of HTTP/1.1; with a body it gets a Content-Length. */
export function message(method: string, target: string, body = ""): string {
  const length = body === "" ? "" : `Content-Length: ${body.length}\r\n`;
  return `${method} ${target} HTTP/1.1\r\nHost: a\r\n${length}\r\n${body}`;
}

/** On a connection of its own, which is closed afterwards. */
export function get(to: number | string, target: string): Promise<RawResponse> {
  return rawRequest(to, message("GET", target));
}

export function post(to: number | string, target: string, body = "body"): Promise<RawResponse> {
  return rawRequest(to, message("POST", target, body));
}

/** A connection on which this request was sent; its answer has yet to be read. */
export function begin(to: number | string, method: string, target: string): RawClient {
  const client = new RawClient(to);
  client.send(message(method, target, method === "POST" ? "body" : ""));
  return client;
}
