// A client of the labs: sends bytes as they are, keeps what comes, knows when the server has ended the connection.

import { connect, type Socket } from "node:net";
import { waitFor } from "./wait-for.ts";

const REQUEST = "GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n";

export class Client implements Disposable {
  readonly #socket: Socket;
  #received = "";
  #hasEnded = false;
  #error: Error | undefined;

  /** Sends `request` once connected. */
  constructor(port: number, request = REQUEST) {
    this.#socket = connect({ host: "127.0.0.1", port, allowHalfOpen: true });
    this.#socket.on("data", (chunk: Buffer) => {
      this.#received += chunk.toString("latin1");
    });
    this.#socket.on("end", () => {
      this.#hasEnded = true;
    });
    this.#socket.on("error", (error) => {
      this.#error = error;
    });
    this.#socket.write(request, "latin1");
  }

  get received(): string {
    return this.#received;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  get error(): Error | undefined {
    return this.#error;
  }

  send(bytes: string | Uint8Array): void {
    this.#socket.write(bytes);
  }

  async receives(text: string, deadlineMs?: number): Promise<void> {
    await waitFor(
      () => `${text} in: ${this.#received} ${String(this.#error)}`,
      () => this.#received.includes(text),
      deadlineMs,
    );
  }

  /** Resolves with everything once the server has ended the connection. */
  async answer(deadlineMs?: number): Promise<string> {
    await waitFor(
      () => `the end of: ${this.#received} ${String(this.#error)}`,
      () => this.#hasEnded,
      deadlineMs,
    );
    return this.#received;
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }
}

/** The answers to two requests: the second is sent and answered whole while the server still waits for the end of the first. */
export async function askWithinAnother(port: number): Promise<[first: string, second: string]> {
  const middle = REQUEST.indexOf("\n") + 1;
  using first = new Client(port, REQUEST.slice(0, middle));
  const second = await ask(port);
  first.send(REQUEST.slice(middle));
  return [await first.answer(), second];
}

/** One request, and everything that came for it. */
export async function ask(port: number, request?: string): Promise<string> {
  using client = new Client(port, request);
  return await client.answer();
}
