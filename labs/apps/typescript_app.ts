// A WSGI-shaped application in TypeScript: the server calls it with the environ and a function for status and headers.

import type { Application } from "../wsgi/application.ts";

export const app: Application = (environ, startResponse) => {
  startResponse("200 OK", [["Content-Type", "text/plain"]]);
  return [`Hello world from a TypeScript app at ${String(environ["PATH_INFO"])}!\n`];
};
