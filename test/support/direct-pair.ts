// For tests: a DirectSocket and the client at its other end, over loopback.

import { once } from "node:events";
import { rmSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { DirectListener } from "../../src/io/sockets/direct-listener.ts";
import type { DirectSocket } from "../../src/io/sockets/direct-socket.ts";
import { SocketPoller } from "../../src/io/sockets/socket-poller.ts";
import { takeOverListening } from "../../src/io/sockets/take-over.ts";

const found = SocketPoller.start();

/** For `describe`: why there is nothing to test. */
export const SKIP = found === undefined && "this system has no direct sockets";

export function poller(): SocketPoller {
  if (found === undefined) throw new Error("no direct sockets");
  return found;
}

export interface ListeningDescriptor {
  readonly fd: number;
  /** As `connect` takes it. */
  readonly at: { readonly port: number; readonly host: string } | { readonly path: string };
  /** Whoever owns the descriptor has closed it. */
  [Symbol.dispose](): void;
}

/** That nobody accepts from yet. `host` "unix": a Unix socket. */
export async function listeningDescriptor(host = "127.0.0.1"): Promise<ListeningDescriptor> {
  const path =
    host === "unix" ? join(tmpdir(), `direct-${process.pid}-${performance.now()}.sock`) : undefined;
  const server = createServer().listen(path === undefined ? { port: 0, host } : { path });
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" ? (address?.port ?? 0) : 0;
  return {
    fd: takeOverListening(server, path, poller()),
    at: path === undefined ? { port, host } : { path },
    [Symbol.dispose]: () => {
      if (path !== undefined) rmSync(path, { force: true });
    },
  };
}

export interface DirectPair extends Disposable {
  readonly socket: DirectSocket;
  /** Half-open too: FIN ends one direction. */
  readonly client: Socket;
}

export async function directPair(host?: string): Promise<DirectPair> {
  using listening = await listeningDescriptor(host);
  const client = connect({ ...listening.at, allowHalfOpen: true });
  client.on("error", () => {}); // Its tests say what they expect of it.
  const socket = await new Promise<DirectSocket>((resolve, reject) => {
    const listener = new DirectListener(listening.fd, poller(), {
      onConnection: (accepted) => {
        listener.close();
        resolve(accepted);
      },
      onError: reject,
    });
  });
  if (client.connecting) await once(client, "connect");
  return {
    socket,
    client,
    [Symbol.dispose]: () => {
      socket.destroy();
      client.destroy();
    },
  };
}

/** All that comes until `socket` ends or breaks. */
export async function readToEnd(socket: Socket): Promise<Buffer> {
  const read: Buffer[] = [];
  socket.on("data", (bytes: Buffer) => read.push(bytes));
  await new Promise<void>((resolve) => {
    socket.once("end", resolve);
    socket.once("close", () => {
      resolve();
    });
  });
  return Buffer.concat(read);
}

/** What comes first. */
export async function firstBytes(socket: Readable): Promise<string> {
  return new Promise((resolve) => {
    socket.once("data", (bytes: Buffer) => {
      resolve(bytes.toString());
    });
  });
}
