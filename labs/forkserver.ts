// forkserver: webserver3g taken apart into classes. HttpRequestParser knows HTTP, HttpServer knows sockets and calls back for each request,
// HttpForkServer adds the child for each connection.

import { HttpForkServer } from "./forkserver/http-fork-server.ts";
import type { HttpRequest } from "./forkserver/http-request-parser.ts";
import type { HttpResponse } from "./forkserver/http-server.ts";
import { getpid, sleep } from "./posix/processes.ts";
import { PORT, sleepSeconds } from "./settings.ts";

const SLEEP = sleepSeconds(0);

function respond({ method, target, headers, body }: HttpRequest): HttpResponse {
  sleep(SLEEP);
  const agent = headers.get("user-agent") ?? "unknown";
  const told = `process ${getpid()} answers ${method} ${target} of ${agent}, ${body.length} bytes of body\n`;
  return { status: "200 OK", body: told };
}

new HttpForkServer(PORT, respond).serveForever();
