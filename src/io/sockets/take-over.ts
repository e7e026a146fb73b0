// Sockets that Node made, without Node: each goes on under a descriptor of its own, and Node closes the one that it knows.

import { renameSync } from "node:fs";
import type { Server, Socket } from "node:net";
import { descriptorOf } from "../net/node-handle.ts";
import type { ByteSocket } from "./byte-socket.ts";
import { DirectSocket } from "./direct-socket.ts";
import type { SocketPoller } from "./socket-poller.ts";
import { systemError } from "./system-error.ts";

/** Standard input, output and error, which others know by their numbers. */
const LEAST_DESCRIPTOR = 3;

/** An accepted Unix socket that reads nothing yet. Without a descriptor for another it stays as it is. */
export function takeOver(socket: Socket, poller: SocketPoller): ByteSocket {
  let direct;
  try {
    direct = new DirectSocket(poller, duplicate(socket, poller), undefined);
  } catch {
    return socket;
  }
  socket.destroy();
  return direct;
}

/** The descriptor of the listening socket, whose `server` is closed. `path`: where it is bound, if it is a Unix socket of its own. */
export function takeOverListening(
  server: Server,
  path: string | undefined,
  poller: SocketPoller,
): number {
  const fd = duplicate(server, poller);
  if (path === undefined) server.close();
  else {
    // Node removes the path of what it closes.
    const aside = `${path}.${process.pid}`;
    renameSync(path, aside);
    server.close();
    renameSync(aside, path);
  }
  return fd;
}

function duplicate(owner: Server | Socket, { libc }: SocketPoller): number {
  const known = descriptorOf(owner);
  if (known === undefined) throw new Error("a socket of Node's without a descriptor");
  const fd = libc.duplicate(known, LEAST_DESCRIPTOR);
  if (fd < 0) throw systemError("fcntl", libc.lastErrno());
  return fd;
}
