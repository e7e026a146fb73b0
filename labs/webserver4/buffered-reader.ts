// class BufferedReader: lines and bodies from a socket that gives whatever has arrived. What is read too much is kept for the next call.

import { read } from "../posix/sockets.ts";

const CHUNK = 65_536;

export class BufferedReader {
  readonly #connection: number;
  #kept = Buffer.alloc(0);

  constructor(connection: number) {
    this.#connection = connection;
  }

  /** Without its line end; empty at the end of the stream too. */
  readLine(): string {
    while (!this.#kept.includes("\n")) if (!this.#readMore()) break;
    const end = this.#kept.indexOf("\n") + 1 || this.#kept.length;
    return this.#take(end).toString("latin1").trimEnd();
  }

  /** `count` bytes, fewer if the stream ends before. */
  readBytes(count: number): Buffer {
    while (this.#kept.length < count) if (!this.#readMore()) break;
    return this.#take(Math.min(count, this.#kept.length));
  }

  #readMore(): boolean {
    const chunk = read(this.#connection, CHUNK);
    this.#kept = Buffer.concat([this.#kept, chunk]);
    return chunk.length > 0;
  }

  #take(count: number): Buffer {
    const taken = this.#kept.subarray(0, count);
    this.#kept = this.#kept.subarray(count);
    return taken;
  }
}
