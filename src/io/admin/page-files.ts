// The files of the live page (src/page), as a browser wants them: types are stripped when the sources themselves are served, which is so in
// a checkout; packages carry JavaScript. Knows nothing of what the page shows.

import { readdirSync, readFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { stripTypeScriptTypes } from "node:module";
import { extname, join } from "node:path";
import { PAGE, SCRIPT_EXTENSION } from "../../package-files.ts";
import { FIELDS } from "./answers.ts";

const START = "index.html";

const TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".svg": "image/svg+xml",
  [SCRIPT_EXTENSION]: "text/javascript; charset=utf-8",
};

/**
 * What a browser is to allow the page: nothing but its own files and requests to where it came from. Trusted types make Chromium refuse every
 * way by which text could become markup; the page uses none.
 */
const SECURITY_FIELDS = {
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; " +
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Referrer-Policy": "no-referrer",
} as const;

interface PageFile {
  readonly name: string;
  readonly type: string;
  readonly source: Buffer;
}

/** By path; 50 KiB in all. Read once: what was there at the start goes together. */
export function readPageFiles(): ReadonlyMap<string, PageFile> {
  const files = new Map<string, PageFile>();
  for (const name of readdirSync(PAGE)) {
    const type = TYPES[extname(name)];
    if (type === undefined || name.includes(".test.")) continue;
    const source = readFileSync(join(PAGE, name));
    files.set(name === START ? "/" : `/page/${name}`, { name, type, source });
  }
  return files;
}

export function sendPageFile(response: ServerResponse, file: PageFile): void {
  const { type } = file;
  const body = served(file);
  response.writeHead(200, {
    ...FIELDS,
    ...SECURITY_FIELDS,
    "Content-Type": type,
    "Content-Length": body.length,
  });
  response.end(body);
}

/** The page names its script as the sources do; in a package that has another extension. Not before it is asked for: to strip types takes 20 MiB. */
function served({ name, source }: PageFile): Buffer {
  if (name === START)
    return Buffer.from(source.toString().replace("main.ts", `main${SCRIPT_EXTENSION}`));
  return extname(name) === ".ts" ? Buffer.from(stripTypeScriptTypes(source.toString())) : source;
}
