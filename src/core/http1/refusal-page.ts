// What a client gets when the server itself answers: a small plain page, as HTML, JSON or text. Pure: a refusal in, the bytes of a whole
// response out.

import { preferredForm, type PageForm } from "../http/page-form.ts";
import type { Refusal } from "../http/refusal.ts";
import type { OwnFields } from "./response-head.ts";

export interface PageFacts {
  readonly isHead: boolean;
  readonly minorVersion: number;
  readonly keepAlive: boolean;
  /** The value of Accept; empty when there was none, or none was readable. */
  readonly accept: string;
}

export interface PageContext extends PageFacts {
  readonly own: OwnFields;
  /** Printable ASCII without quotes; empty when ids are off. */
  readonly id: string;
}

export interface RefusalPage {
  /** The response, head and body. */
  readonly bytes: Uint8Array;
  /** Of them the body's. */
  readonly bodyBytes: number;
}

/** Clients and load balancers may try again after this (RFC 9110 section 10.2.3): the queue's own time scale. */
const RETRY_AFTER_SECONDS = 1;

const MEDIA_TYPES = {
  html: "text/html; charset=utf-8",
  json: "application/json",
  text: "text/plain; charset=utf-8",
} as const satisfies Record<PageForm, string>;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Of what the client sent only its proxy's request id can be in it, which holds nothing that HTML or JSON would read as their own. */
export function refusalPage(refusal: Refusal, context: PageContext): RefusalPage {
  const { id, isHead } = context;
  const form = preferredForm(context.accept);
  const body = encoder.encode(BODIES[form](refusal, id));
  const lines = [
    `HTTP/1.1 ${refusal.status} ${refusal.reason}`,
    `Content-Type: ${MEDIA_TYPES[form]}`,
    `Content-Length: ${body.length}`,
    decoder.decode(context.own.dateAndServer).trimEnd(),
    // A shared cache must not give one client's page to another that wants another form.
    "Vary: Accept",
  ];
  if (id !== "") lines.push(`X-Request-ID: ${id}`);
  if (refusal.status === 503) lines.push(`Retry-After: ${RETRY_AFTER_SECONDS}`);
  if (refusal.status === 405) lines.push("Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
  if (!context.keepAlive) lines.push("Connection: close");
  else if (context.minorVersion === 0) lines.push("Connection: keep-alive");
  const head = encoder.encode(`${lines.join("\r\n")}\r\n\r\n`);
  if (isHead) return { bytes: head, bodyBytes: 0 };
  const bytes = new Uint8Array(head.length + body.length);
  bytes.set(head, 0);
  bytes.set(body, head.length);
  return { bytes, bodyBytes: body.length };
}

const BODIES: { readonly [form in PageForm]: (refusal: Refusal, id: string) => string } = {
  text: ({ status, reason, title, detail }, id) =>
    `${status} ${reason}\n\n${title}\n${id === "" ? "" : `Request ID: ${id}\n`}${detail === undefined ? "" : `\n${detail}`}`,

  json: ({ status, reason, title, code, detail }, id) =>
    `${JSON.stringify({ status, reason, message: title, code, detail, ...(id === "" ? {} : { request_id: id }) })}\n`,

  html: ({ status, reason, title, detail }, id) => {
    const heading = escapeHtml(`${status} ${reason}`);
    const idLine = id === "" ? "" : `<p><small>Request ID: ${escapeHtml(id)}</small></p>\n`;
    const more =
      detail === undefined ? "" : `<pre style="${PRE_STYLE}">${escapeHtml(detail)}</pre>\n`;
    const width = detail === undefined ? "34em" : "60em";
    return (
      `<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<meta name="viewport" content="width=device-width">\n` +
      `<meta name="color-scheme" content="light dark">\n<title>${heading}</title>\n` +
      `<body style="font-family:system-ui,sans-serif;margin:15vh auto;max-width:${width};padding:0 1em">\n` +
      `<h1>${heading}</h1>\n<p>${escapeHtml(title)}</p>\n${more}${idLine}</body>\n</html>\n`
    );
  },
};

const PRE_STYLE = "overflow-x:auto;padding:1em;background:light-dark(#f4f4f6,#1c1c20)";

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? "");
}
