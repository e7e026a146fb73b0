// TCP sockets and descriptors: socket, bind, listen, accept, connect, read, write, close. Each call blocks as long as the kernel says.

import { libc } from "./libc.ts";
import { sleepUntilReadable } from "./signals.ts";
import { systemCall } from "./system-call.ts";

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface Accepted {
  /** The descriptor of the new connection. */
  readonly connection: number;
  readonly address: Address;
}

const { AF_UNIX, AF_INET, SOCK_STREAM } = { AF_UNIX: 1, AF_INET: 2, SOCK_STREAM: 1 };
const IS_LINUX = process.platform === "linux";
// The same names have other numbers on macOS and the BSDs.
const SOL_SOCKET = IS_LINUX ? 1 : 0xffff;
const SO_REUSEADDR = IS_LINUX ? 2 : 4;
const SO_SNDBUF = IS_LINUX ? 7 : 0x1001;
const SO_RCVBUF = IS_LINUX ? 8 : 0x1002;
const SOCKADDR_SIZE = 16;

export const MSG_DONTWAIT = IS_LINUX ? 0x40 : 0x80;
export const POLLIN = 1;
export const POLLOUT = 4;

/** A socket for TCP over IPv4. */
export function socket(): number {
  return systemCall("socket", () => libc.socket(AF_INET, SOCK_STREAM, 0));
}

/** The port can be bound again while connections of the last run linger in TIME_WAIT. */
export function reuseAddress(fd: number): void {
  setOption(fd, SO_REUSEADDR, 1);
}

/** The kernel doubles the wish and has a least size: `socketBuffers` says what it gave. */
export function setSocketBuffers(fd: number, bytes: number): void {
  setOption(fd, SO_SNDBUF, bytes);
  setOption(fd, SO_RCVBUF, bytes);
}

export function socketBuffers(fd: number): { send: number; receive: number } {
  return { send: getOption(fd, SO_SNDBUF), receive: getOption(fd, SO_RCVBUF) };
}

export function bind(fd: number, address: Address): void {
  systemCall("bind", () => libc.bind(fd, encodeAddress(address), SOCKADDR_SIZE));
}

export function listen(fd: number, backlog: number): void {
  systemCall("listen", () => libc.listen(fd, backlog));
}

/** Sleeps until a client connects. */
export function accept(listener: number): Accepted {
  sleepUntilReadable(listener, "accept");
  const bytes = Buffer.alloc(SOCKADDR_SIZE);
  const size = int32(SOCKADDR_SIZE);
  const connection = systemCall("accept", () => libc.accept(listener, bytes, size));
  return { connection, address: decodeAddress(bytes) };
}

export function connect(fd: number, address: Address): void {
  systemCall("connect", () => libc.connect(fd, encodeAddress(address), SOCKADDR_SIZE));
}

/** The address that a socket is bound to: asked for port 0, the kernel has chosen one. */
export function localAddress(fd: number): Address {
  const bytes = Buffer.alloc(SOCKADDR_SIZE);
  systemCall("getsockname", () => libc.getsockname(fd, bytes, int32(SOCKADDR_SIZE)));
  return decodeAddress(bytes);
}

/** socket, SO_REUSEADDR, bind, listen in one step, on 127.0.0.1. */
export function openListener(port: number, backlog: number): number {
  const listener = socket();
  reuseAddress(listener);
  bind(listener, { host: "127.0.0.1", port });
  listen(listener, backlog);
  return listener;
}

/** Two descriptors that are joined: what one writes, the other reads. */
export function socketPair(): [number, number] {
  const fds = Buffer.alloc(8);
  systemCall("socketpair", () => libc.socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
  return [fds.readInt32LE(0), fds.readInt32LE(4)];
}

/** A pipe: its reading end, then its writing end. */
export function pipe(): [number, number] {
  const fds = Buffer.alloc(8);
  systemCall("pipe", () => libc.pipe(fds));
  return [fds.readInt32LE(0), fds.readInt32LE(4)];
}

/** What has arrived, at most `maxBytes`; empty: the other side has ended. Sleeps while there is nothing. */
export function read(fd: number, maxBytes: number): Buffer {
  const buffer = Buffer.alloc(maxBytes);
  const size = systemCall("read", () => libc.read(fd, buffer, maxBytes));
  return buffer.subarray(0, size);
}

/** How many bytes the kernel took, which may be fewer than there are. */
export function write(fd: number, data: string | Uint8Array): number {
  const bytes = Buffer.from(data);
  return systemCall("write", () => libc.write(fd, bytes, bytes.length));
}

/** Writes all of it: a partial write goes on where it stopped. */
export function writeAll(fd: number, data: string | Uint8Array): void {
  let rest = Buffer.from(data);
  while (rest.length > 0) rest = rest.subarray(write(fd, rest));
}

/** As `write`, with flags: with MSG_DONTWAIT it fails with EAGAIN where it would sleep. */
export function send(fd: number, data: string | Uint8Array, flags: number): number {
  const bytes = Buffer.from(data);
  return systemCall("send", () => libc.send(fd, bytes, bytes.length, flags));
}

/** Ends the sending side; the other side reads an end, and can still answer. */
export function endWriting(fd: number): void {
  systemCall("shutdown", () => libc.shutdown(fd, 1));
}

/** Takes this process's reference away. The connection ends when nobody holds one. */
export function close(fd: number): void {
  systemCall("close", () => libc.close(fd));
}

/** Those of `fds` that are ready for `events`; sleeps at most `timeoutMs`, -1 for ever. */
export function poll(fds: readonly number[], events: number, timeoutMs: number): number[] {
  const entries = Buffer.alloc(8 * fds.length);
  for (const [i, fd] of fds.entries()) {
    entries.writeInt32LE(fd, 8 * i);
    entries.writeInt16LE(events, 8 * i + 4);
  }
  systemCall("poll", () => libc.poll(entries, fds.length, timeoutMs));
  return fds.filter((_, i) => entries.readInt16LE(8 * i + 6) !== 0);
}

function setOption(fd: number, name: number, value: number): void {
  systemCall("setsockopt", () => libc.setsockopt(fd, SOL_SOCKET, name, int32(value), 4));
}

function getOption(fd: number, name: number): number {
  const value = int32(0);
  systemCall("getsockopt", () => libc.getsockopt(fd, SOL_SOCKET, name, value, int32(4)));
  return value.readInt32LE(0);
}

/** struct sockaddr_in: family, port in network order, IPv4 address. The BSDs have a length before an 8-bit family. */
function encodeAddress({ host, port }: Address): Buffer {
  const bytes = Buffer.alloc(SOCKADDR_SIZE);
  if (IS_LINUX) bytes.writeUInt16LE(AF_INET, 0);
  else bytes.set([SOCKADDR_SIZE, AF_INET], 0);
  bytes.writeUInt16BE(port, 2);
  bytes.set(host.split(".").map(Number), 4);
  return bytes;
}

function decodeAddress(bytes: Buffer): Address {
  return { host: bytes.subarray(4, 8).join("."), port: bytes.readUInt16BE(2) };
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}
