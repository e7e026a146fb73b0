// The socket in the private directory to which worker threads connect. Knows no tokens and no workers: each connection becomes a
// WorkerChannel, which must say HELLO.

import { existsSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { dirname, join } from "node:path";
import type { Log } from "../log.ts";
import type { ByteSocket } from "../sockets/byte-socket.ts";
import type { SocketPoller } from "../sockets/socket-poller.ts";
import { takeOver } from "../sockets/take-over.ts";
import { keepDirectory } from "../private-directory.ts";

/** Its place, known before anybody listens there. */
export function channelPathOf(privateDirectory: string): string {
  return join(privateDirectory, "channel.sock");
}

export class ChannelServer {
  readonly path: string;
  readonly #backlog: number;
  readonly #onConnection: (socket: Socket) => void;
  #server: Server;
  #isClosed = false;

  private constructor(path: string, backlog: number, onConnection: (socket: Socket) => void) {
    this.path = path;
    this.#backlog = backlog;
    this.#onConnection = onConnection;
    this.#server = this.#listen();
  }

  /** Listens on `path`, a fresh one in a directory that only the server's user may enter. `poller` undefined: sockets are Node's own. */
  static async listen(
    path: string,
    backlog: number,
    poller: SocketPoller | undefined,
    onConnection: (socket: ByteSocket) => void,
  ): Promise<ChannelServer> {
    const channels = new ChannelServer(path, backlog, (socket) => {
      onConnection(poller === undefined ? socket : takeOver(socket, poller));
    });
    await new Promise<void>((resolve, reject) => {
      channels.#server.once("listening", resolve);
      channels.#server.once("error", reject);
    });
    channels.#tolerateErrors();
    return channels;
  }

  /** Before a worker is told to come: listens anew where the socket was removed. A worker that finds none dies, and all that follow it. */
  keep(log: Log): void {
    if (this.#isClosed || existsSync(this.path) || !keepDirectory(dirname(this.path))) return;
    this.#server.close(); // First: it removes what has its path.
    this.#server = this.#listen();
    this.#tolerateErrors();
    log.warning("the private directory was removed: made anew");
  }

  close(): void {
    this.#isClosed = true;
    this.#server.close();
  }

  /** Bound when it returns, as Node does it for a path. */
  #listen(): Server {
    // allowHalfOpen: a retiring worker gets our FIN and still has answers to write. pauseOnConnect: for `readInto`.
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, this.#onConnection);
    return server.listen({ path: this.path, backlog: this.#backlog });
  }

  /** A failed accept: the worker's connect fails too, and its exit is reported. */
  #tolerateErrors(): void {
    this.#server.on("error", () => {});
  }
}
