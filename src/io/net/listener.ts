// Listening sockets: TCP addresses, Unix paths and descriptors that were passed. Owns them from bind to close; hands each accepted
// socket on and keeps no list of them.

import { fstatSync, lstatSync, unlinkSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import type { BindAddress } from "../../config/bind-address.ts";
import { StartupError } from "../../config/startup-error.ts";
import { acceptRest } from "./accept-rest.ts";
import { listenError } from "./listen-error.ts";
import { TwinListeners } from "./twin-listeners.ts";

export interface Listener {
  /** Where it really listens, for people: `http://127.0.0.1:8888` or `unix:/run/app.sock`. */
  readonly url: string;
  /** SERVER_NAME and SERVER_PORT of requests that come in here (RFC 3875 section 4.1.14 and 4.1.15). */
  readonly serverName: string;
  readonly serverPort: string;
  /** Stops accepting when the kernel holds no connection any more: nobody else would take those. `python` runs a small script for it. */
  finish(python: string): Promise<void>;
  /** Stops accepting at once; what was accepted lives on. A socket that was passed stays open with whoever passed it. */
  close(): void;
}

export interface ListenOptions {
  readonly address: BindAddress;
  readonly backlog: number;
  /** Permissions of a Unix socket. */
  readonly socketMode: number;
  readonly reusePort: boolean;
  /** `[::]` takes IPv4 connections too, unless this is set. */
  readonly ipv6Only: boolean;
  /** The interpreter that makes twins of a TCP socket when many connections come; undefined: none are made. */
  readonly twinsBy?: string | undefined;
  /** The socket reads nothing until it is resumed. */
  onConnection(socket: Socket, listener: Listener): void;
  /** Accepting failed; the listener goes on. */
  onError(error: Error): void;
}

/** Binds and listens. Throws StartupError when that is not possible. */
export async function listen(options: ListenOptions): Promise<Listener> {
  const { address } = options;
  if (address.kind === "unix") await removeStaleSocket(address.path);
  if (address.kind === "fd") checkDescriptor(address);
  const server = makeServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      reject(listenError(error, address));
    });
    startListening(server, options, resolve);
  });
  const serve = (one: Server): Server => {
    one.on("error", (error) => {
      options.onError(error);
    });
    return one.on("connection", (socket) => {
      options.onConnection(socket, listener);
      twins?.count();
    });
  };
  const bound = server.address();
  const isTcp = bound !== null && typeof bound === "object";
  const { twinsBy } = options;
  const twins =
    isTcp && twinsBy !== undefined
      ? new TwinListeners(server, twinsBy, () => serve(makeServer()))
      : undefined;
  const close = (): void => {
    twins?.close();
    server.close();
  };
  // A passed socket has another owner: what waits in it waits for the next server.
  const finish = async (python: string): Promise<void> => {
    twins?.close();
    if (address.kind === "fd") server.close();
    else await acceptRest(server, python);
  };
  const listener = { ...describeListener(server, address, close), finish };
  serve(server);
  return listener;
}

function makeServer(): Server {
  // allowHalfOpen: a client that sends FIN behind its request still wants the answer (design section 2).
  return createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true });
}

function startListening(server: Server, options: ListenOptions, onListening: () => void): void {
  const { address, backlog, reusePort, ipv6Only } = options;
  if (address.kind === "fd") {
    server.listen({ fd: address.fd, backlog }, onListening);
  } else if (address.kind === "tcp") {
    const { host, port } = address;
    server.listen({ host, port, backlog, reusePort, ipv6Only }, onListening);
  } else {
    // The umask rather than chmod: at no moment may the socket be open to more than it should. Node binds within the call.
    const umask = process.umask(0o777 & ~options.socketMode);
    try {
      server.listen({ path: address.path, backlog }, onListening);
    } finally {
      process.umask(umask);
    }
  }
}

/** No name fits a Unix socket, and PEP 3333 wants none empty: what a URL without host and port would mean. */
const UNIX_SERVER = { serverName: "localhost", serverPort: "80" } as const;

type Described = Omit<Listener, "finish">;

function describeListener(server: Server, address: BindAddress, close: () => void): Described {
  if (address.kind === "unix") return { url: `unix:${address.path}`, ...UNIX_SERVER, close };
  const bound = server.address();
  if (address.kind === "tcp") {
    const port = bound === null || typeof bound === "string" ? address.port : bound.port;
    return describeTcp(address.host, port, close);
  }
  const passed = `descriptor ${address.fd}${address.name === undefined ? "" : `, ${address.name}`}`;
  // Node tells the address of a TCP socket only.
  if (bound === null || typeof bound === "string") {
    return { url: `a Unix socket (${passed})`, ...UNIX_SERVER, close };
  }
  const listener = describeTcp(bound.address, bound.port, close);
  return { ...listener, url: `${listener.url} (${passed})` };
}

function describeTcp(host: string, port: number, close: () => void): Described {
  // RFC 3875 section 4.1.14 puts IPv6 addresses in brackets too: PEP 3333 joins SERVER_NAME and `:port` to a URL.
  const serverName = host.includes(":") ? `[${host}]` : host;
  return { url: `http://${serverName}:${port}`, serverName, serverPort: String(port), close };
}

/** Node's own words for a descriptor that is none (EINVAL) would help nobody. */
function checkDescriptor(address: BindAddress & { kind: "fd" }): void {
  const reason = whyNoSocket(address.fd);
  if (reason === undefined) return;
  throw new StartupError("bad-descriptor", { address: `fd:${address.fd}`, reason });
}

function whyNoSocket(fd: number): string | undefined {
  try {
    return fstatSync(fd).isSocket() ? undefined : "that descriptor is no socket";
  } catch {
    return "that descriptor is not open";
  }
}

/** A socket that a killed server left behind is replaced when nobody answers on it; anything else at that path is left alone. */
async function removeStaleSocket(path: string): Promise<void> {
  if (!isSocket(path) || (await isAnswered(path))) return;
  unlinkSync(path);
}

function isSocket(path: string): boolean {
  try {
    return lstatSync(path).isSocket();
  } catch {
    return false; // Not there, or not to be seen: listening says what is wrong.
  }
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
