// The forms in which the admin side answers. Nothing of it may be kept by a cache, shown in a frame or taken for another type.

import type { ServerResponse } from "node:http";

export const FIELDS = {
  "Cache-Control": "no-store",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
} as const;

/** One line. */
export function sendText(response: ServerResponse, status: number, line: string): void {
  send(response, status, "text/plain; charset=utf-8", `${line}\n`);
}

export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  send(response, status, "application/json", `${JSON.stringify(value)}\n`);
}

export function send(response: ServerResponse, status: number, type: string, body: string): void {
  const length = Buffer.byteLength(body);
  response.writeHead(status, { ...FIELDS, "Content-Type": type, "Content-Length": length });
  response.end(body);
}
