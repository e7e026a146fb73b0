// A client that sends bytes as they are and reads answers without forgiving anything: what tests of a server need and http clients hide.

import { connect, type Socket } from "node:net";
import { type RawResponse, ResponseReader } from "./response-reader.ts";
import { deadlineIn } from "./server.ts";

export type { RawResponse } from "./response-reader.ts";

const DEFAULT_DEADLINE_MS = 15_000;

export class RawClient implements Disposable {
  readonly socket: Socket;
  #buffer = Buffer.alloc(0);
  #length = 0;
  #hasEnded = false;
  #isClosed = false;
  #error: NodeJS.ErrnoException | undefined;
  #wake: (() => void) | undefined;

  /** `target` as `net.connect` takes it: a port of 127.0.0.1, the path of a Unix socket, or host and port. */
  constructor(target: number | string | { readonly host: string; readonly port: number }) {
    const options = { allowHalfOpen: true, noDelay: true };
    this.socket = connect({ ...addressOf(target), ...options });
    this.socket.on("data", (chunk: Buffer) => {
      this.#keep(chunk);
      this.#wake?.();
    });
    this.socket.on("end", () => {
      this.#hasEnded = true;
      this.#wake?.();
    });
    this.socket.on("error", (error) => {
      this.#error = error;
    });
    this.socket.on("drain", () => {
      this.#wake?.();
    });
    this.socket.on("close", () => {
      this.#hasEnded = true;
      this.#isClosed = true;
      this.#wake?.();
    });
  }

  /** The server has ended its side (or reset). */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** ECONNRESET and its like. */
  get error(): NodeJS.ErrnoException | undefined {
    return this.#error;
  }

  /** Everything that came and was not taken by `response()`. */
  get received(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  /** How much of it there is. */
  get receivedBytes(): number {
    return this.#length;
  }

  send(bytes: string | Uint8Array): void {
    this.socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
  }

  /** Every byte in a segment of its own, as far as the kernel keeps them apart. */
  async dribble(bytes: string | Uint8Array): Promise<void> {
    const all = typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes;
    for (let at = 0; at < all.length; at++) {
      this.socket.write(all.subarray(at, at + 1));
      // Now and then the server gets a turn: else nearly all would be read at once.
      if (at % 16 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** FIN: nothing more will be sent. */
  end(): void {
    this.socket.end();
  }

  /** RST: nothing more will be sent or read. */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  /** Reads nothing until `resume()`. */
  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  /** The next response. `method` HEAD: it has no body. Interim responses (1xx) count as responses without body. */
  async response(method = "GET", deadlineMs?: number): Promise<RawResponse> {
    const reader = new ResponseReader(method);
    return this.#until(
      "a response",
      () => {
        const end = reader.read(this.received, this.#hasEnded);
        if (end === -1 && this.#hasEnded) {
          throw new Error(`the connection ended without a response: ${this.#describe()}`);
        }
        if (end === -1) return undefined;
        this.#buffer = this.#buffer.subarray(end, this.#length);
        this.#length = this.#buffer.length;
        return reader.response;
      },
      deadlineMs,
    );
  }

  /** Resolves when the server has ended its side. */
  async ended(deadlineMs?: number): Promise<void> {
    await this.#until("the end of the connection", () => this.#hasEnded, deadlineMs);
  }

  /** Resolves when at least `count` bytes wait to be taken. */
  async bytes(count: number, deadlineMs?: number): Promise<void> {
    await this.#until(`${count} bytes`, () => this.#length >= count, deadlineMs);
  }

  /** Resolves when the connection is gone altogether: both sides ended, or one reset. */
  async closed(deadlineMs?: number): Promise<void> {
    await this.#until("the close of the connection", () => this.#isClosed, deadlineMs);
  }

  /** Doubles: a long answer is not copied again for each of its segments. */
  #keep(chunk: Buffer): void {
    const needed = this.#length + chunk.length;
    if (needed > this.#buffer.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#length));
      grown.set(this.received);
      this.#buffer = grown;
    }
    this.#buffer.set(chunk, this.#length);
    this.#length = needed;
  }

  /** Polls nothing: `condition` is asked again whenever something came. */
  async #until<T>(
    what: string,
    condition: () => T | undefined | false,
    deadlineMs: number = DEFAULT_DEADLINE_MS,
  ): Promise<T> {
    const deadline = deadlineIn(deadlineMs);
    for (;;) {
      const found = condition();
      if (found !== undefined && found !== false) return found;
      const leftMs = deadline - performance.now();
      if (leftMs <= 0) throw new Error(`waited in vain for ${what}: ${this.#describe()}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#wake = undefined;
    }
  }

  #describe(): string {
    const start = JSON.stringify(this.received.toString("latin1", 0, 300));
    return `${this.#length} bytes: ${start}, error: ${String(this.#error)}`;
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}

/** One request on a connection of its own; reads one response. */
export async function rawRequest(
  target: number | string | { readonly host: string; readonly port: number },
  bytes: string | Uint8Array,
  method?: string,
): Promise<RawResponse> {
  using client = new RawClient(target);
  client.send(bytes);
  return await client.response(method);
}

function addressOf(
  target: number | string | { readonly host: string; readonly port: number },
): { path: string } | { host: string; port: number } {
  if (typeof target === "string") return { path: target };
  return typeof target === "number" ? { host: "127.0.0.1", port: target } : target;
}
