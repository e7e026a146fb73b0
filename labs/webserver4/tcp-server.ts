// class TCPServer: owns the listener and the loop, and calls a method for each step of a request, so that a subclass changes one step by
// overriding one method. Knows no HTTP.

import {
  accept,
  type Address,
  close,
  endWriting,
  localAddress,
  openListener,
  poll,
  POLLIN,
} from "../posix/sockets.ts";
import { isSystemError } from "../posix/system-error.ts";

const BACKLOG = 5;

export abstract class TCPServer {
  readonly address: Address;
  protected readonly listener: number;

  constructor(port: number) {
    this.listener = openListener(port, BACKLOG);
    this.address = localAddress(this.listener);
  }

  /** Looks up from its sleep every `pollIntervalMs`, for `serviceActions`. */
  serveForever(pollIntervalMs = 500): never {
    for (;;) {
      if (this.#hasClient(pollIntervalMs)) this.#handleRequest();
      this.serviceActions();
    }
  }

  /** What is spoken on a connection. */
  protected abstract handle(connection: number, client: Address): void;

  /** Once a turn of the loop. For subclasses. */
  protected serviceActions(): void {}

  /** What happens to an accepted connection: here it is handled at once, and the next client waits. */
  protected processRequest(connection: number, client: Address): void {
    this.finishRequest(connection, client);
    this.closeRequest(connection);
  }

  /** Handles the connection to its end. */
  protected finishRequest(connection: number, client: Address): void {
    try {
      this.handle(connection, client);
      endWriting(connection); // shutdown: the end goes out even if somebody else holds a copy
    } catch (error) {
      if (!isSystemError(error, "EPIPE", "ECONNRESET", "ENOTCONN")) throw error; // the client has gone
    }
  }

  protected closeRequest(connection: number): void {
    close(connection);
  }

  #hasClient(timeoutMs: number): boolean {
    try {
      return poll([this.listener], POLLIN, timeoutMs).length > 0;
    } catch (error) {
      if (isSystemError(error, "EINTR")) return false; // a child has ended; poll is never restarted by the kernel
      throw error;
    }
  }

  #handleRequest(): void {
    const { connection, address } = accept(this.listener);
    this.processRequest(connection, address);
  }
}
