// The connections of an admin address: how many there are, and how long each may take to ask. node:http watches that only where it listens
// itself, and sockets are handed to it here. Knows nothing of what is asked.

import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";

export interface AdminConnectionLimits {
  /** A request must be whole so long after the connection came, or after the answer before it. */
  readonly requestTimeoutMs: number;
  /** One more, and the oldest goes: who asks gets an answer, however many others ask for nothing. */
  readonly most: number;
}

export class AdminConnections {
  readonly #limits: AdminConnectionLimits;
  /** In the order in which they came; undefined while an answer is made. */
  readonly #deadlines = new Map<Socket, NodeJS.Timeout | undefined>();

  constructor(limits: AdminConnectionLimits) {
    this.#limits = limits;
  }

  add(socket: Socket): void {
    if (this.#deadlines.size >= this.#limits.most) this.#dropOldest();
    this.#watch(socket);
    socket.once("close", () => {
      this.#unwatch(socket);
      this.#deadlines.delete(socket);
    });
  }

  /** The head of a request was read. An answer may take its time: a reload, a stream of events. */
  asked(request: IncomingMessage, response: ServerResponse): void {
    const { socket, headers } = request;
    const hasBody = "content-length" in headers || "transfer-encoding" in headers;
    if (!hasBody) this.#unwatch(socket);
    else
      request.once("end", () => {
        this.#unwatch(socket);
      });
    response.once("close", () => {
      if (this.#deadlines.has(socket)) this.#watch(socket);
    });
  }

  #watch(socket: Socket): void {
    clearTimeout(this.#deadlines.get(socket));
    const deadline = setTimeout(() => socket.destroy(), this.#limits.requestTimeoutMs);
    this.#deadlines.set(socket, deadline);
  }

  #unwatch(socket: Socket): void {
    clearTimeout(this.#deadlines.get(socket));
    if (this.#deadlines.has(socket)) this.#deadlines.set(socket, undefined);
  }

  #dropOldest(): void {
    const [oldest] = this.#deadlines.keys();
    if (oldest === undefined) return;
    this.#unwatch(oldest);
    this.#deadlines.delete(oldest);
    oldest.destroy();
  }
}
