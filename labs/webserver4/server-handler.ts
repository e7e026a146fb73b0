// class ServerHandler: runs a WSGI application for one environ and writes its answer. Knows nothing of requests and of servers.

import { writeAll } from "../posix/sockets.ts";
import type { Application, Environ, Headers } from "../wsgi/application.ts";

export class ServerHandler {
  status = "";
  readonly #connection: number;
  readonly #environ: Environ;
  #headers: Headers = [];
  #isHeadSent = false;

  constructor(connection: number, environ: Environ) {
    this.#connection = connection;
    this.#environ = environ;
  }

  run(application: Application): void {
    const result = application(this.#environ, (status, headers) => {
      this.status = status;
      this.#headers = headers;
    });
    for (const data of result) this.#write(data);
    this.#sendHead(); // if there was no body
  }

  /** The head goes out with the first piece of the body, and not before: until then the application can change its mind. */
  #write(data: string): void {
    if (data === "") return;
    this.#sendHead();
    writeAll(this.#connection, Buffer.from(data, "latin1"));
  }

  #sendHead(): void {
    if (this.#isHeadSent) return;
    this.#isHeadSent = true;
    if (this.status === "") throw new Error("the application has not called startResponse");
    const added: Headers = [
      ["Date", new Date().toUTCString()],
      ["Server", "WSGIServer/0.2"],
    ];
    const lines = [...added, ...this.#headers].map(([name, value]) => `${name}: ${value}\r\n`);
    // HTTP/1.0: the answer ends when the connection does.
    writeAll(this.#connection, `HTTP/1.0 ${this.status}\r\n${lines.join("")}\r\n`);
  }
}
