// How much of what was written to it a client has taken: whoever takes something, however slowly, is there.

import { Socket } from "node:net";
import type { ByteSocket } from "../sockets/byte-socket.ts";
import { handleOf } from "./node-handle.ts";

/**
 * Another number whenever the client has taken something, and nothing else makes it another. Of Node's sockets what the kernel has taken: that
 * takes more only once a third of its buffer is free, which on loopback grows to 2.6 MB, and until then a slow client seems to take nothing.
 */
export function takenBytesOf(socket: ByteSocket): number {
  const sent = socket.bytesWritten - socket.writableLength;
  return sent - (socket.unconfirmed?.() ?? queuedBytesOf(socket));
}

/** Of a write that is under way, what libuv still has: `writableLength` counts all of it until the end. */
function queuedBytesOf(socket: ByteSocket): number {
  const handle = socket instanceof Socket ? handleOf(socket) : undefined;
  const queued: unknown = handle === undefined ? 0 : Reflect.get(handle, "writeQueueSize");
  return typeof queued === "number" ? queued : 0;
}
