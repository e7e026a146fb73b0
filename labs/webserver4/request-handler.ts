// class RequestHandler: one request of one connection. Reads it, makes the environ, and has a ServerHandler run the application.

import type { Address } from "../posix/sockets.ts";
import { print } from "../settings.ts";
import type { Application, Environ } from "../wsgi/application.ts";
import { BufferedReader } from "./buffered-reader.ts";
import { ServerHandler } from "./server-handler.ts";

/** What a handler needs of its server. */
export interface Hosting {
  readonly application: Application;
  /** The part of the environ that is the same for all requests. */
  readonly baseEnviron: Environ;
}

export class RequestHandler {
  readonly #reader: BufferedReader;
  readonly #connection: number;
  readonly #client: Address;
  readonly #server: Hosting;

  constructor(connection: number, client: Address, server: Hosting) {
    this.#reader = new BufferedReader(connection);
    this.#connection = connection;
    this.#client = client;
    this.#server = server;
  }

  handle(): void {
    const requestLine = this.#reader.readLine();
    if (requestLine === "") return; // the client has sent nothing
    const environ = this.#environ(requestLine, this.#server.baseEnviron);
    const handler = new ServerHandler(this.#connection, environ);
    handler.run(this.#server.application);
    print(`${this.#client.host} "${requestLine}" ${handler.status}`);
  }

  #environ(requestLine: string, base: Environ): Environ {
    const [method = "GET", target = "/", protocol = "HTTP/0.9"] = requestLine.split(" ");
    const [path = "", query = ""] = target.split("?", 2);
    const environ: Record<string, string | boolean> = {
      ...base,
      REQUEST_METHOD: method,
      PATH_INFO: Buffer.from(decodeURIComponent(path)).toString("latin1"),
      QUERY_STRING: query,
      SERVER_PROTOCOL: protocol,
      REMOTE_ADDR: this.#client.host,
    };
    for (let line = this.#reader.readLine(); line !== ""; line = this.#reader.readLine()) {
      const [name = "", value = ""] = line.split(/:\s*/, 2);
      const key = name.toUpperCase().replaceAll("-", "_");
      environ[key.startsWith("CONTENT_") ? key : `HTTP_${key}`] = value;
    }
    const length = Number(environ["CONTENT_LENGTH"] ?? 0);
    return { ...environ, "wsgi.input": this.#reader.readBytes(length).toString("latin1") };
  }
}
