// Binds and listens: TCP addresses, Unix paths and descriptors that were passed. What becomes of the connections is the listener's business.

import { fstatSync, lstatSync, unlinkSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import type { BindAddress } from "../../config/bind-address.ts";
import { StartupError } from "../../config/startup-error.ts";
import { listenError } from "./listen-error.ts";

export interface BindOptions {
  readonly address: BindAddress;
  readonly backlog: number;
  /** Permissions of a Unix socket. */
  readonly socketMode: number;
  readonly reusePort: boolean;
  /** `[::]` takes IPv4 connections too, unless this is set. */
  readonly ipv6Only: boolean;
}

/** Listens; nobody hears of connections yet. Throws StartupError when that is not possible. */
export async function bindServer(options: BindOptions): Promise<Server> {
  const { address } = options;
  if (address.kind === "unix") await removeStaleSocket(address);
  if (address.kind === "fd") checkDescriptor(address);
  const server = makeServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      reject(listenError(error, address));
    });
    startListening(server, options, resolve);
  });
  return server;
}

export function makeServer(): Server {
  // allowHalfOpen: a client that sends FIN behind its request still wants the answer (design section 2).
  return createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true });
}

function startListening(server: Server, options: BindOptions, onListening: () => void): void {
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
async function removeStaleSocket(address: BindAddress & { kind: "unix" }): Promise<void> {
  const { path } = address;
  if (!isSocket(path) || (await isAnswered(path))) return;
  try {
    unlinkSync(path);
  } catch (error) {
    throw error instanceof Error ? listenError(error, address) : error;
  }
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
