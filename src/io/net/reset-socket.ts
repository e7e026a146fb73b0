// Ends a connection so that its client cannot take what came for all: RST instead of FIN.

import type { ByteSocket } from "../sockets/byte-socket.ts";

/** A Unix socket knows no RST, and Node throws when it is asked for one: it just ends. */
export function resetSocket(socket: ByteSocket): void {
  if (socket.remoteFamily === undefined) socket.destroy();
  else socket.resetAndDestroy();
}
