// Listening sockets: TCP addresses and Unix paths. Owns them from bind to close; hands each accepted socket on and keeps no list of them.

import { lstatSync, unlinkSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import type { BindAddress } from "../../config/bind-address.ts";
import { StartupError } from "../../config/startup-error.ts";

export interface Listener {
  /** Where it really listens, for people: `http://127.0.0.1:8888` or `unix:/run/app.sock`. */
  readonly url: string;
  /** SERVER_NAME and SERVER_PORT of requests that come in here (RFC 3875 section 4.1.14 and 4.1.15). */
  readonly serverName: string;
  readonly serverPort: string;
  /** Stops accepting; what was accepted lives on. */
  close(): void;
}

export interface ListenOptions {
  readonly address: BindAddress;
  readonly backlog: number;
  onConnection(socket: Socket, listener: Listener): void;
  /** Accepting failed; the listener goes on. */
  onError(error: Error): void;
}

/** Binds and listens. Throws StartupError when that is not possible. */
export async function listen(options: ListenOptions): Promise<Listener> {
  const { address } = options;
  if (address.kind === "unix") await removeStaleSocket(address.path);
  // allowHalfOpen: a client that sends FIN behind its request still wants the answer (design section 2).
  const server = createServer({ allowHalfOpen: true, noDelay: true });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      reject(startupErrorOf(error, address));
    });
    server.listen(listenTarget(address, options.backlog), resolve);
  });
  const listener = describeListener(server, address);
  server.on("error", (error) => {
    options.onError(error);
  });
  server.on("connection", (socket) => {
    options.onConnection(socket, listener);
  });
  return listener;
}

function listenTarget(address: BindAddress, backlog: number): object {
  if (address.kind === "unix") return { path: address.path, backlog };
  return { host: address.host, port: address.port, backlog, ipv6Only: false };
}

function describeListener(server: Server, address: BindAddress): Listener {
  const close = (): void => {
    server.close();
  };
  if (address.kind === "unix") {
    return { url: `unix:${address.path}`, serverName: "localhost", serverPort: "80", close };
  }
  const bound = server.address();
  const port = bound === null || typeof bound === "string" ? address.port : bound.port;
  const name = address.host.includes(":") ? `[${address.host}]` : address.host;
  return {
    url: `http://${name}:${port}`,
    serverName: address.host,
    serverPort: String(port),
    close,
  };
}

function addressText(address: BindAddress): string {
  if (address.kind === "unix") return `unix:${address.path}`;
  return address.host.includes(":")
    ? `[${address.host}]:${address.port}`
    : `${address.host}:${address.port}`;
}

function startupErrorOf(error: NodeJS.ErrnoException, address: BindAddress): Error {
  const text = addressText(address);
  if (error.code === "EADDRINUSE") {
    return new StartupError("address-in-use", { address: text }, { cause: error });
  }
  const reason = error.code ?? error.message;
  return new StartupError("address-not-available", { address: text, reason }, { cause: error });
}

/** A socket that a killed server left behind is replaced when nobody answers on it; anything else at that path is left alone. */
async function removeStaleSocket(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined || !found.isSocket()) return;
  if (await isAnswered(path)) return;
  unlinkSync(path);
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path);
    probe.on("connect", () => {
      probe.destroy();
      resolve(true);
    });
    probe.on("error", (error: NodeJS.ErrnoException) => {
      resolve(error.code !== "ECONNREFUSED");
    });
  });
}
