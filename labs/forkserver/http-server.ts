// class HttpServer: reads a request, calls back for the response, writes it. One connection at a time.

import {
  accept,
  type Accepted,
  close,
  localAddress,
  openListener,
  read,
  writeAll,
} from "../posix/sockets.ts";
import { isSystemError } from "../posix/system-error.ts";
import { print } from "../settings.ts";
import { BadRequest, type HttpRequest, HttpRequestParser } from "./http-request-parser.ts";

export interface HttpResponse {
  readonly status: string;
  readonly body: string;
}

export type Callback = (request: HttpRequest) => HttpResponse;

const BACKLOG = 1024;

export class HttpServer {
  protected readonly listener: number;
  readonly #callback: Callback;

  constructor(port: number, callback: Callback) {
    this.listener = openListener(port, BACKLOG);
    this.#callback = callback;
    print(`Serving HTTP on port ${localAddress(this.listener).port} ...`);
  }

  serveForever(): never {
    for (;;) {
      const accepted = this.#acceptUnlessInterrupted();
      if (accepted !== undefined) this.serveConnection(accepted.connection);
    }
  }

  /** For subclasses that do it elsewhere. */
  protected serveConnection(connection: number): void {
    try {
      this.#answer(connection);
    } catch (error) {
      if (!isSystemError(error, "EPIPE", "ECONNRESET")) throw error; // the client has gone
    } finally {
      close(connection);
    }
  }

  #answer(connection: number): void {
    const { status, body } = this.#respond(connection);
    const length = Buffer.byteLength(body);
    const head = `HTTP/1.1 ${status}\r\nContent-Length: ${length}\r\nConnection: close\r\n\r\n`;
    writeAll(connection, head + body); // one write: buffers.ts shows why
  }

  #respond(connection: number): HttpResponse {
    const parser = new HttpRequestParser();
    try {
      for (;;) {
        const bytes = read(connection, 65_536);
        if (bytes.length === 0) throw new BadRequest("the request is incomplete");
        const request = parser.feed(bytes);
        if (request !== undefined) return this.#callback(request);
      }
    } catch (error) {
      if (!(error instanceof BadRequest)) throw error;
      return { status: "400 Bad Request", body: `${error.message}\n` };
    }
  }

  #acceptUnlessInterrupted(): Accepted | undefined {
    try {
      return accept(this.listener);
    } catch (error) {
      if (isSystemError(error, "EINTR")) return undefined;
      throw error;
    }
  }
}
