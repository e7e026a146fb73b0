// class WSGIServer: a TCPServer that knows the application, and what of the environ is the same for all requests.

import type { Address } from "../posix/sockets.ts";
import type { Application, Environ } from "../wsgi/application.ts";
import { RequestHandler } from "./request-handler.ts";
import { TCPServer } from "./tcp-server.ts";

export class WSGIServer extends TCPServer {
  readonly application: Application;

  constructor(port: number, application: Application) {
    super(port);
    this.application = application;
  }

  protected override handle(connection: number, client: Address): void {
    new RequestHandler(connection, client, this).handle();
  }

  get baseEnviron(): Environ {
    return {
      SERVER_NAME: "localhost",
      SERVER_PORT: String(this.address.port),
      SCRIPT_NAME: "",
      "wsgi.url_scheme": "http",
      "wsgi.multithread": false,
      "wsgi.multiprocess": false,
      "wsgi.run_once": false,
    };
  }
}
