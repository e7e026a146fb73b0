// Ends a connection so that its client cannot take what came for all: RST instead of FIN.

import type { Socket } from "node:net";

/** A Unix socket knows no RST, and Node throws when it is asked for one: it just ends. */
export function resetSocket(socket: Socket): void {
  if (socket.remoteFamily === undefined) socket.destroy();
  else socket.resetAndDestroy();
}
