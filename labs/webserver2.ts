// webserver2: server and application know nothing of each other but one call, app(environ, start_response). So any server can host any
// application. Usage: bin/lab webserver2 module:app

import { accept, close, localAddress, openListener, read, writeAll } from "./posix/sockets.ts";
import { PORT, print, UsageError } from "./settings.ts";
import {
  type Application,
  type Environ,
  type Headers,
  locateApplication,
  openApplication,
} from "./wsgi/application.ts";

const BACKLOG = 1;

class WSGIServer {
  readonly #listener = openListener(PORT, BACKLOG);
  readonly #port = localAddress(this.#listener).port;
  readonly #application: Application;

  constructor(application: Application) {
    this.#application = application;
  }

  serveForever(): never {
    print(`WSGIServer: Serving HTTP on port ${this.#port} ...`);
    for (;;) {
      const { connection } = accept(this.#listener);
      this.#handleOneRequest(connection);
      close(connection);
    }
  }

  #handleOneRequest(connection: number): void {
    const request = read(connection, 65_536).toString("latin1");
    printLines("<", request);
    let head = "HTTP/1.1 500 Internal Server Error\r\n";
    // The application calls this to say status and headers, before its body is read.
    const startResponse = (status: string, headers: Headers): void => {
      const added: Headers = [
        ["Date", new Date().toUTCString()],
        ["Server", "WSGIServer 0.2"],
      ];
      const lines = [...headers, ...added].map(([name, value]) => `${name}: ${value}\r\n`);
      head = `HTTP/1.1 ${status}\r\n${lines.join("")}`;
    };
    const body = [...this.#application(this.#environ(request), startResponse)].join("");
    printLines(">", head);
    writeAll(connection, Buffer.from(`${head}\r\n${body}`, "latin1"));
  }

  #environ(request: string): Environ {
    const [head = "", body = ""] = request.split("\r\n\r\n", 2);
    const [requestLine = "", ...fields] = head.split("\r\n");
    const [method = "GET", target = "/", protocol = "HTTP/1.0"] = requestLine.split(" ");
    const [path = "", query = ""] = target.split("?", 2);
    const environ: Record<string, string | boolean> = {
      REQUEST_METHOD: method,
      SCRIPT_NAME: "",
      PATH_INFO: Buffer.from(decodeURIComponent(path)).toString("latin1"),
      QUERY_STRING: query,
      SERVER_NAME: "localhost",
      SERVER_PORT: String(this.#port),
      SERVER_PROTOCOL: protocol,
      "wsgi.url_scheme": "http",
      "wsgi.input": body,
      "wsgi.multithread": false,
      "wsgi.multiprocess": false,
      "wsgi.run_once": false,
    };
    for (const field of fields) {
      const [name = "", value = ""] = field.split(/:\s*/, 2);
      const key = name.toUpperCase().replaceAll("-", "_");
      environ[key.startsWith("CONTENT_") ? key : `HTTP_${key}`] = value;
    }
    return environ;
  }
}

function printLines(mark: string, text: string): void {
  for (const line of text.trimEnd().split("\r\n")) print(`${mark} ${line}`);
}

const name = process.argv[2];
if (name === undefined) throw new UsageError("which application? module:app");
const application = await openApplication(locateApplication(name));
new WSGIServer(application).serveForever();
