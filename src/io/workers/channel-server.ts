// The socket in the private directory to which worker threads connect. Knows no tokens and no workers: each connection becomes a
// WorkerChannel, which must say HELLO.

import { createServer, type Server, type Socket } from "node:net";

export interface ChannelServer {
  readonly path: string;
  close(): void;
}

/** Listens on `path`, a fresh one in a directory that only the server's user may enter. */
export async function listenForChannels(
  path: string,
  backlog: number,
  onConnection: (socket: Socket) => void,
): Promise<ChannelServer> {
  // allowHalfOpen: a retiring worker gets our FIN and still has answers to write. pauseOnConnect: for `readInto`.
  const server: Server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, onConnection);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ path, backlog }, resolve);
  });
  server.on("error", () => {}); // A failed accept: the worker's connect fails too, and its exit is reported.
  return {
    path,
    close: () => {
      server.close();
    },
  };
}
