// A connected stream socket that is read and written by system calls of its own: no handle of libuv's, no stream of Node's, which cost as much
// as the calls (docs/decisions/036-direct-sockets.md). Half-open: its peer's FIN ends reading only.

import { EventEmitter } from "node:events";
import { constants } from "node:os";
import type { ByteSocket } from "./byte-socket.ts";
import { MSG_DONTWAIT, MSG_MORE, SEND_FLAGS } from "./message-flags.ts";
import { ENDING, ERROR, READABLE, URGENT, WRITABLE } from "./poll-events.ts";
import type { Sender } from "./send-batch.ts";
import type { Peer } from "./socket-address.ts";
import type { Pollable, SocketPoller } from "./socket-poller.ts";
import { systemError } from "./system-error.ts";
import { WaitingPieces } from "./waiting-piece.ts";

const { EAGAIN } = constants.errno;
const SHUT_WR = 1;
const SOL_SOCKET = 1;
const SO_LINGER = 13;
/** `struct linger`: on, 0 seconds. */
const LINGER_NOT = new Uint8Array(new Int32Array([1, 0]).buffer);
/** One socket's share of a turn, as libuv has it. */
const MOST_READS = 32;
/** As Node's streams have it. */
const HIGH_WATER_BYTES = 64 * 1024;

export class DirectSocket extends EventEmitter implements ByteSocket, Pollable, Sender {
  readonly remoteFamily: string | undefined;
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  readonly writableHighWaterMark = HIGH_WATER_BYTES;
  bytesRead = 0;
  bytesWritten = 0;
  writableLength = 0;
  writableEnded = false;
  writableNeedDrain = false;

  readonly #poller: SocketPoller;
  readonly #fd: number;
  #buffer: Buffer | undefined;
  #nextBuffer: (() => Buffer | undefined) | undefined;
  #onBytes: ((bytes: Buffer) => void) | undefined;
  #isPaused = false;
  /** There may be something to read of which nobody will tell again. */
  #hasInput = false;
  /** A read that did not fill the buffer was not the last: its peer has ended, or has sent urgent data, at which recv(2) stops. */
  #readsOn = false;
  #hasReadAll = false;
  /** What the kernel has not taken yet. */
  readonly #pieces = new WaitingPieces();
  /** The kernel tells when it would take more. */
  #waitsForRoom = false;
  #isCorked = false;
  #hasPosted = false;
  /** Why the kernel did not take all of what was posted last. */
  #postError = EAGAIN;
  #tellShort: (() => void) | undefined;
  /** Nobody takes what is written any more: it is dropped without a word. */
  #isDeaf = false;
  #outlivesFailedWrites = false;
  #hasSentEnd = false;
  #isDestroyed = false;

  /** Owns `fd`, which is non-blocking, from now on. Reads nothing until `readInto`. Throws, and closes `fd`, where the kernel cannot poll it. */
  constructor(poller: SocketPoller, fd: number, peer: Peer | undefined) {
    super();
    this.#poller = poller;
    this.#fd = fd;
    this.remoteFamily = peer?.family;
    this.remoteAddress = peer?.address;
    this.remotePort = peer?.port;
    try {
      poller.add(fd, this);
    } catch (error) {
      poller.libc.close(fd);
      throw error;
    }
  }

  get writable(): boolean {
    return !this.writableEnded && !this.#isDestroyed;
  }

  /** See `readInto` of io/net/read-buffer.ts. */
  readInto(buffer: Buffer | (() => Buffer | undefined), onBytes: (bytes: Buffer) => void): void {
    if (typeof buffer === "function") this.#nextBuffer = buffer;
    else this.#buffer = buffer;
    this.#onBytes = onBytes;
    this.#readAgain();
  }

  pause(): this {
    this.#isPaused = true;
    return this;
  }

  resume(): this {
    if (!this.#isPaused) return this;
    this.#isPaused = false;
    this.#readAgain();
    return this;
  }

  /** A write that fails is no end: what the peer wrote before it went is still read. */
  outliveFailedWrites(): void {
    this.#outlivesFailedWrites = true;
  }

  write(bytes: Uint8Array, onSent?: () => void): boolean {
    this.settle();
    if (!this.writable || this.#isDeaf) {
      onSent?.();
      return false;
    }
    this.bytesWritten += bytes.length;
    let sent = 0;
    if (this.#pieces.count === 0 && !this.#isCorked) {
      sent = this.#send(bytes, SEND_FLAGS);
      if (sent === bytes.length || !this.writable || this.#isDeaf) {
        onSent?.();
        return this.writable;
      }
    }
    this.writableLength += bytes.length - sent;
    if (this.#isCorked) this.#pieces.add(bytes, onSent);
    else {
      this.#pieces.keep(sent === 0 ? bytes : bytes.subarray(sent), onSent);
      this.#askForDrain();
    }
    return !this.writableNeedDrain;
  }

  post(bytes: Uint8Array, onShort: () => void): boolean {
    this.settle(); // Which may find that the client is gone: then the descriptor is closed, and soon another's.
    if (!this.writable || this.#isDeaf || this.#isCorked) return false;
    if (this.#pieces.count > 0 || !this.#poller.post(this.#fd, bytes, this)) return false;
    this.bytesWritten += bytes.length;
    this.#hasPosted = true;
    this.#tellShort = onShort;
    return true;
  }

  settle(): void {
    if (this.#hasPosted) this.#poller.sendPosted();
  }

  onPosted(): void {
    this.#hasPosted = false;
  }

  onShort(result: number, bytes: Uint8Array): void {
    this.#hasPosted = false;
    const taken = Math.max(result, 0);
    this.#pieces.add(new Uint8Array(bytes.subarray(taken)));
    this.writableLength += bytes.length - taken;
    this.#waitForRoom(true);
    this.#postError = result < 0 ? -result : EAGAIN;
  }

  afterShort(): void {
    this.#onFailedSend(this.#postError);
    if (!this.#isDestroyed) this.#tellShort?.();
  }

  /** What is written until `uncork` waits for it, so that the kernel is told of each piece that another follows. */
  cork(): void {
    this.settle();
    this.#isCorked = true;
  }

  uncork(): void {
    this.#isCorked = false;
    if (this.#pieces.count === 0) return;
    this.#sendPieces();
    if (this.#pieces.count > 0) this.#askForDrain();
  }

  end(): this {
    if (!this.writable) return this;
    this.settle();
    if (!this.writable) return this;
    this.writableEnded = true;
    if (this.#pieces.count === 0) this.#sendEnd();
    return this;
  }

  destroySoon(): void {
    this.end();
    if (this.#hasSentEnd) this.destroy();
    else this.once("finish", () => this.destroy());
  }

  /** RST instead of FIN. */
  resetAndDestroy(): this {
    if (!this.#isDestroyed) {
      this.#poller.libc.setsockopt(this.#fd, SOL_SOCKET, SO_LINGER, LINGER_NOT, LINGER_NOT.length);
    }
    return this.destroy();
  }

  destroy(error?: Error): this {
    if (this.#isDestroyed) return this;
    this.settle();
    if (this.#isDestroyed) return this; // By what that found.
    this.#isDestroyed = true;
    this.#poller.forget(this.#fd);
    this.#poller.libc.close(this.#fd);
    this.#dropPieces();
    this.#poller.soon(() => {
      if (error !== undefined) this.emit("error", error);
      this.emit("close");
    });
    return this;
  }

  unconfirmed(): number {
    return this.#isDestroyed ? 0 : Math.max(0, this.#poller.libc.unconfirmed(this.#fd));
  }

  onReady(events: number): void {
    if ((events & ERROR) !== 0 && this.#isPaused && !this.#outlivesFailedWrites) {
      this.destroy(); // Nobody reads, who would be told.
      return;
    }
    if ((events & (ENDING | URGENT)) !== 0) this.#readsOn = true;
    if ((events & (READABLE | ENDING)) !== 0) {
      this.#hasInput = true;
      this.#read();
    }
    if ((events & (WRITABLE | ENDING)) !== 0 && this.#pieces.count > 0) this.#sendPieces();
  }

  // Reading.

  #readAgain(): void {
    if (this.#hasInput) this.#poller.again(this);
  }

  get #mayRead(): boolean {
    const isOpen = !this.#hasReadAll && !this.#isDestroyed;
    return isOpen && !this.#isPaused && this.#onBytes !== undefined;
  }

  #read(): void {
    for (let reads = 0; this.#hasInput && this.#mayRead; reads++) {
      if (reads === MOST_READS) {
        this.#poller.again(this);
        return;
      }
      this.#readOnce();
    }
  }

  #readOnce(): void {
    const buffer = this.#nextBuffer?.() ?? this.#buffer;
    if (buffer === undefined) throw new TypeError("no buffer to read into");
    this.#buffer = buffer;
    const { libc } = this.#poller;
    const length = libc.recv(this.#fd, buffer, buffer.length, MSG_DONTWAIT);
    if (length > 0) {
      // Less than there was room for: there is no more, and what comes later will be told of.
      if (length < buffer.length && !this.#readsOn) this.#hasInput = false;
      this.bytesRead += length;
      this.#onBytes?.(buffer.subarray(0, length));
      return;
    }
    this.#hasInput = false;
    if (length === 0) this.#onReadAll();
    else {
      const errno = libc.lastErrno();
      if (errno !== EAGAIN) this.destroy(systemError("recv", errno));
    }
  }

  #onReadAll(): void {
    this.#hasReadAll = true;
    this.emit("end");
    if (this.#hasSentEnd) this.destroy();
  }

  // Writing.

  /** How many of `bytes` the kernel took. */
  #send(bytes: Uint8Array, flags: number): number {
    const { libc } = this.#poller;
    const sent = libc.send(this.#fd, bytes, bytes.length, flags);
    return sent < 0 ? this.#onFailedSend(libc.lastErrno()) : sent;
  }

  /** Nothing was taken. */
  #onFailedSend(errno: number): 0 {
    if (errno === EAGAIN) return 0;
    if (this.#outlivesFailedWrites) this.#becomeDeaf();
    else this.destroy(systemError("send", errno));
    return 0;
  }

  #sendPieces(): void {
    for (let piece = this.#pieces.first; piece !== undefined; piece = this.#pieces.first) {
      const isLast = this.#pieces.count === 1;
      const sent = this.#send(piece.bytes, isLast ? SEND_FLAGS : SEND_FLAGS | MSG_MORE);
      if (this.#isDestroyed || this.#isDeaf) return;
      this.writableLength -= sent;
      if (sent < piece.bytes.length) {
        piece.bytes = piece.bytes.subarray(sent);
        return;
      }
      this.#pieces.takeFirst();
    }
    this.#onAllSent();
  }

  /** Once there are pieces that may leave. */
  #askForDrain(): void {
    this.#waitForRoom(true);
    this.writableNeedDrain ||= this.writableLength >= HIGH_WATER_BYTES;
  }

  #waitForRoom(isWaiting: boolean): void {
    if (this.#waitsForRoom === isWaiting) return;
    this.#waitsForRoom = isWaiting;
    this.#poller.waitForRoom(this.#fd, isWaiting);
  }

  #onAllSent(): void {
    if (this.#isDestroyed) return; // By an `onSent`.
    this.#waitForRoom(false);
    if (this.writableEnded) this.#sendEnd();
    else if (this.writableNeedDrain) {
      this.writableNeedDrain = false;
      this.emit("drain");
    }
  }

  #becomeDeaf(): void {
    this.#isDeaf = true;
    this.#dropPieces();
    if (this.writableEnded) this.#sendEnd();
  }

  #dropPieces(): void {
    this.writableLength = 0;
    this.#pieces.drop();
  }

  #sendEnd(): void {
    this.#hasSentEnd = true;
    this.#poller.libc.shutdown(this.#fd, SHUT_WR);
    this.emit("finish");
    if (this.#hasReadAll) this.destroy();
  }
}
