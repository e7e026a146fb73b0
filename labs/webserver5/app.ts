// The application of webserver5, WSGI-shaped and blocking: /slow sleeps for SLEEP seconds (3), as one that waits for its database.

import { getpid, sleep } from "../posix/processes.ts";
import { sleepSeconds } from "../settings.ts";
import type { Application } from "../wsgi/application.ts";

const SLEEP = sleepSeconds(3);

export const app: Application = (environ, startResponse) => {
  if (environ["PATH_INFO"] === "/slow") sleep(SLEEP);
  startResponse("200 OK", [["Content-Type", "text/plain"]]);
  return [`Hello from process ${getpid()}!\n`];
};

/** What the application says to a message of a WebSocket. */
export function echo(message: string): string {
  return `process ${getpid()} heard: ${message}`;
}
