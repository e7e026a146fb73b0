// webserver4: the class design of Python's standard library. TCPServer accepts, WSGIServer knows the application, RequestHandler reads a
// request, ServerHandler runs the application. One method overridden makes it fork, or use threads.
// Usage: bin/lab webserver4 [--fork | --thread] module:app

import { parseArgs } from "node:util";
import { ForkRefused } from "./posix/v8-fork.ts";
import { PORT, print, UsageError } from "./settings.ts";
import { ForkingWSGIServer } from "./webserver4/forking-server.ts";
import { ThreadingWSGIServer } from "./webserver4/threading-server.ts";
import { WSGIServer } from "./webserver4/wsgi-server.ts";
import { locateApplication, openApplication } from "./wsgi/application.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { fork: { type: "boolean" }, thread: { type: "boolean" } },
});
const [name] = positionals;
if (name === undefined) throw new UsageError("which application? module:app");

const located = locateApplication(name);
const application = await openApplication(located);

function makeServer(): WSGIServer {
  if (values.thread === true) return new ThreadingWSGIServer(PORT, application, located);
  if (values.fork !== true) return new WSGIServer(PORT, application);
  try {
    return new ForkingWSGIServer(PORT, application);
  } catch (error) {
    if (!(error instanceof ForkRefused)) throw error;
    print(`${error.message}; threads instead`);
    return new ThreadingWSGIServer(PORT, application, located);
  }
}

const server = makeServer();
print(`${server.constructor.name}: Serving HTTP on port ${server.address.port} ...`);
server.serveForever();
