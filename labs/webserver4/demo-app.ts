// An application that starts its own server when it is run: node labs/webserver4/demo-app.ts
// It sleeps for SLEEP seconds (0), to show who waits for whom; bin/lab webserver4 --fork webserver4/demo-app:app hosts it as well.

import { getpid, sleep } from "../posix/processes.ts";
import { PORT, print, sleepSeconds } from "../settings.ts";
import type { Application } from "../wsgi/application.ts";
import { WSGIServer } from "./wsgi-server.ts";

const SLEEP = sleepSeconds(0);

export const app: Application = (environ, startResponse) => {
  sleep(SLEEP);
  startResponse("200 OK", [["Content-Type", "text/plain; charset=utf-8"]]);
  const names = Object.keys(environ).toSorted();
  return [
    `Hello world from process ${getpid()}!\n\n`,
    ...names.map((name) => `${name} = ${String(environ[name])}\n`),
  ];
};

if (process.argv[1] === import.meta.filename) {
  const server = new WSGIServer(PORT, app);
  print(`Serving HTTP on port ${server.address.port} ...`);
  server.serveForever();
}
