// How a connection ends so that its last answer arrives: FIN behind it, then read and drop for a while. Closing with unread bytes in the
// kernel would send RST, which could destroy the answer on its way (RFC 9112 section 9.6).

import type { ByteSocket } from "../sockets/byte-socket.ts";
import type { ConnectionContext } from "./connection-context.ts";
import type { Waiter } from "./deadlines.ts";

/** A client that goes on sending behind the last answer is read for this long in all: then it is cut. */
const MAX_LINGER_MS = 30_000;

export class LingeringClose {
  readonly #socket: ByteSocket;
  readonly #context: ConnectionContext;
  /** Who is told when the client was silent for long enough. */
  readonly #waiter: Waiter;
  #until = 0;

  constructor(socket: ByteSocket, context: ConnectionContext, waiter: Waiter) {
    this.#socket = socket;
    this.#context = context;
    this.#waiter = waiter;
  }

  /** Sends FIN. `setPaused` stops and resumes reading. */
  begin(setPaused: (isPaused: boolean) => void): void {
    const linger = (): void => {
      const now = this.#context.now();
      this.#until = now + MAX_LINGER_MS;
      this.#context.deadlines.linger.start(this.#waiter, now);
      setPaused(false);
    };
    this.#socket.end();
    if (this.#socket.writableLength === 0) {
      linger();
      return;
    }
    setPaused(true); // What it sends before it has taken that, nobody needs.
    this.#socket.once("finish", linger);
  }

  /** The client still sends, so it may not have read the answer yet. */
  goOn(): void {
    if (this.#until === 0) return;
    const now = this.#context.now();
    if (now < this.#until) this.#context.deadlines.linger.start(this.#waiter, now);
  }
}
