// One channel at the front's end: frames in, requests out (docs/protocol.md section 1). Owns the socket and the buffers;
// knows neither queue nor HTTP. When they leave is the ChannelFlusher's business.

import { Socket } from "node:net";
import type { Exchange } from "../../core/http/exchange.ts";
import { DirectSocket } from "../sockets/direct-socket.ts";
import type { ByteSocket } from "../sockets/byte-socket.ts";
import type { ChannelFlusher } from "./channel-flusher.ts";
import { FRAME, FRAME_HEADER_BYTES, GONE_FLAG, PLACE_BYTES } from "../../core/wire/frame.ts";
import { REQUEST_FLAG, writeFrameHeader, writeU32 } from "../../core/wire/frame.ts";
import { requestFrameBytes, writeRequestPrefix } from "../../core/wire/request-writer.ts";

const OUTPUT_BYTES = 64 * 1024;
/** Bodies up to this size travel in the output buffer; larger ones are written from where they lie. */
const COPIED_BODY_BYTES = 16 * 1024;

export class ChannelSocket {
  readonly #socket: ByteSocket;
  readonly #flusher: ChannelFlusher;
  #output = Buffer.allocUnsafeSlow(OUTPUT_BYTES);
  #length = 0;
  #isEnding = false;
  #isReadOut = false;

  constructor(socket: ByteSocket, flusher: ChannelFlusher) {
    this.#socket = socket;
    this.#flusher = flusher;
    outliveFailedWrites(socket);
  }

  /**
   * REQUEST: leaves with others, when the flusher says so. `place`: where its body lies in the memory for bodies; -1: nowhere.
   * `hasSlots`: its answer may use the thread's slots.
   */
  send(number: number, exchange: Exchange, place: number, hasSlots: boolean): void {
    const { request } = exchange;
    const { body, environ } = request;
    const path = body?.path;
    // What stands for the body in its frame.
    let instead: Uint8Array | undefined;
    if (path !== undefined) instead = Buffer.from(path);
    else if (body !== undefined && place >= 0) instead = placeBytes(place, body.length);
    const bodyLength = instead?.length ?? body?.length ?? 0;
    const flags =
      (request.isHead ? REQUEST_FLAG.head : 0) |
      (request.isChunked ? REQUEST_FLAG.chunked : 0) |
      (path === undefined ? 0 : REQUEST_FLAG.file) |
      (place < 0 ? 0 : REQUEST_FLAG.memory) |
      (hasSlots ? REQUEST_FLAG.slots : 0);
    const isCopied = bodyLength <= COPIED_BODY_BYTES;
    this.#makeRoom(requestFrameBytes(environ.length, isCopied ? bodyLength : 0));
    this.#length = writeRequestPrefix(
      this.#output,
      this.#length,
      number,
      flags,
      environ,
      bodyLength,
    );
    if (instead !== undefined) this.#append(instead);
    else if (body !== undefined) {
      if (!isCopied) this.flush();
      for (const piece of body.pieces) {
        if (isCopied) this.#append(piece);
        else this.#socket.write(piece);
      }
    }
    this.#flusher.add(this);
  }

  /** GONE: the client of a request that was sent has left; `isStop`: for good. */
  sendGone(number: number, isStop: boolean): void {
    if (this.#isEnding) return;
    this.#makeRoom(FRAME_HEADER_BYTES);
    const flags = isStop ? GONE_FLAG.stop : 0;
    this.#length = writeFrameHeader(this.#output, this.#length, FRAME.gone, flags, number, 0);
    this.#flusher.add(this);
  }

  flush(): void {
    if (this.#length === 0) return;
    const bytes = this.#output.subarray(0, this.#length);
    this.#length = 0;
    this.#socket.write(bytes);
    // The kernel took all: the buffer is ours again. Fresh ones cost page faults and major collections (design section 5).
    if (this.#socket.writableLength > 0) this.#output = Buffer.allocUnsafeSlow(OUTPUT_BYTES);
  }

  /** Its worker is no more: what it has left is little, and is read however slow a client is. */
  readOut(): void {
    this.#isReadOut = true;
    this.#socket.resume();
  }

  setPaused(isPaused: boolean): void {
    if (isPaused && !this.#isReadOut) this.#socket.pause();
    else this.#socket.resume();
  }

  /** Tells the worker thread to leave. Nothing can be said to it afterwards. */
  end(): void {
    if (this.#isEnding) return;
    this.flush();
    this.#isEnding = true;
    this.#socket.end();
  }

  destroy(): void {
    this.#isEnding = true;
    this.#socket.destroy();
  }

  #makeRoom(bytes: number): void {
    if (this.#length + bytes <= this.#output.length) return;
    this.flush();
    if (bytes > this.#output.length) this.#output = Buffer.allocUnsafeSlow(bytes);
  }

  #append(bytes: Uint8Array): void {
    this.#output.set(bytes, this.#length);
    this.#length += bytes.length;
  }
}

function placeBytes(at: number, length: number): Uint8Array {
  const bytes = new Uint8Array(PLACE_BYTES);
  writeU32(bytes, 0, at);
  writeU32(bytes, 4, length);
  return bytes;
}

/**
 * A worker that has died refuses what we write, but the answers that it wrote before still lie in the socket, unread. Node ends
 * both directions on a failed write, and they would be lost with it: POSTs that were answered would look as if they had died. So the
 * stream is not told, and only reading ends a channel: by EOF or ECONNRESET, which come behind the last answer.
 */
function outliveFailedWrites(socket: ByteSocket): void {
  if (socket instanceof DirectSocket) socket.outliveFailedWrites();
  else if (socket instanceof Socket) outliveFailedWritesOf(socket);
}

function outliveFailedWritesOf(socket: Socket): void {
  // oxlint-disable no-underscore-dangle -- Node's names for what the maker of a stream provides
  const write = socket._write.bind(socket);
  const writev = socket._writev?.bind(socket);
  socket._write = (chunk, encoding, callback) => {
    write(chunk, encoding, () => {
      callback();
    });
  };
  if (writev === undefined) return;
  socket._writev = (chunks, callback) => {
    writev(chunks, () => {
      callback();
    });
  };
  // oxlint-enable no-underscore-dangle
}
