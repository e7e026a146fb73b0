// Accepts the connections of a listening socket as DirectSockets, as many as wait: libuv takes one in a turn of the event loop.

import { constants } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { errorOf } from "../../core/error-of.ts";
import { DirectSocket } from "./direct-socket.ts";
import { ADDRESS_BYTES, peerOf } from "./socket-address.ts";
import type { Pollable, SocketPoller } from "./socket-poller.ts";
import { systemError } from "./system-error.ts";

const NONBLOCK_CLOEXEC = 0x8_0800;
const IPPROTO_TCP = 6;
const TCP_NODELAY = 1;
const ON = new Uint8Array(new Int32Array([1]).buffer);
/** The second: a client that has gone before it was accepted (accept(2)). */
const { EAGAIN, ECONNABORTED } = constants.errno;
/** In one turn: others have theirs. */
const MOST_ACCEPTS = 256;
/** Without a descriptor or memory, trying at once again would fail at once again: who comes meanwhile waits in the backlog. */
const RETRY_MS = 100;

export interface ListenerEvents {
  onConnection(socket: DirectSocket): void;
  /** Accepting failed; nothing further is said until all that waited was accepted. */
  onError(error: Error): void;
}

export class DirectListener implements Pollable {
  readonly #fd: number;
  readonly #poller: SocketPoller;
  readonly #events: ListenerEvents;
  readonly #address = Buffer.alloc(ADDRESS_BYTES);
  readonly #size = new Int32Array(1);
  readonly #sizeBytes = new Uint8Array(this.#size.buffer);
  #isClosed = false;
  /** Until then no connection is accepted. */
  #retry: NodeJS.Timeout | undefined;
  #hasFailed = false;

  /** `fd`: a listening socket, non-blocking, which it owns from now on. */
  constructor(fd: number, poller: SocketPoller, events: ListenerEvents) {
    this.#fd = fd;
    this.#poller = poller;
    this.#events = events;
    poller.add(fd, this);
    // Whoever is accepted inherits it (tcp(7) does not say so, Linux has always done it). Unix sockets refuse it, and do not need it.
    poller.libc.setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, ON, ON.length);
  }

  onReady(): void {
    if (this.#retry !== undefined) return;
    for (let accepts = 0; !this.#isClosed; accepts++) {
      if (accepts === MOST_ACCEPTS) {
        this.#poller.again(this);
        return;
      }
      if (!this.#accept()) return;
    }
  }

  /** Takes what waits in the backlog, however much that is, until `until` at most: also what it lacks a descriptor for at first. */
  async acceptAll(until: number): Promise<void> {
    for (;;) {
      const mayGoOn = (): boolean => !this.#isClosed && performance.now() < until;
      while (mayGoOn() && this.#accept());
      if (!this.#hasFailed || !mayGoOn()) return;
      await delay(RETRY_MS);
    }
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#retry);
    this.#poller.remove(this.#fd);
    this.#poller.libc.close(this.#fd);
  }

  /** False if none waits. */
  #accept(): boolean {
    const { libc } = this.#poller;
    this.#size[0] = ADDRESS_BYTES;
    const fd = libc.accept4(this.#fd, this.#address, this.#sizeBytes, NONBLOCK_CLOEXEC);
    if (fd < 0) return this.#isMore(libc.lastErrno());
    const peer = peerOf(this.#address, libc);
    let socket;
    try {
      socket = new DirectSocket(this.#poller, fd, peer);
    } catch (error) {
      this.#events.onError(errorOf(error));
      return true;
    }
    this.#events.onConnection(socket);
    return true;
  }

  #isMore(errno: number): boolean {
    if (errno === ECONNABORTED) return true;
    if (errno === EAGAIN) this.#hasFailed = false;
    else this.#onFailed(errno);
    return false;
  }

  #onFailed(errno: number): void {
    if (!this.#hasFailed) this.#events.onError(systemError("accept", errno));
    this.#hasFailed = true;
    this.#retry ??= setTimeout(() => {
      this.#retry = undefined;
      this.onReady();
    }, RETRY_MS).unref();
  }
}
