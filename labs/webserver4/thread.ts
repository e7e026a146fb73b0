// What a thread of ThreadingWSGIServer runs: one connection, to its end.

import { workerData } from "node:worker_threads";
import { close, endWriting } from "../posix/sockets.ts";
import { print } from "../settings.ts";
import { openApplication } from "../wsgi/application.ts";
import { RequestHandler } from "./request-handler.ts";
import type { ThreadTask } from "./threading-server.ts";

const { connection, client, baseEnviron, located }: ThreadTask = workerData;
try {
  const application = await openApplication(located);
  new RequestHandler(connection, client, { application, baseEnviron }).handle();
  endWriting(connection);
} catch (error) {
  print(String(error)); // nobody hears an error of this thread: the main one never gets to its event loop
} finally {
  close(connection);
}
