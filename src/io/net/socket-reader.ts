// Reads what one client sends into a buffer that all connections share. Node's own way makes a buffer of 64 KiB for each read, which costs
// more than all that is done with the few bytes of a usual request (docs/decisions/007-shared-read-buffer.md). Knows no HTTP.

import { Socket } from "node:net";

/** As much as Node itself reads at once. */
const READ_BYTES = 64 * 1024;
/** What is kept of at least this size stays where it is, and the next read gets another buffer: dearer to copy than to allocate. */
const LARGE_BYTES = 32 * 1024;

/** Where Node's sockets keep what they stand for. */
const HANDLE = "_handle";

export function newReadBuffer(): Buffer {
  return Buffer.allocUnsafeSlow(READ_BYTES);
}

export class SocketReader {
  /** The client's socket from now on: the accepted one may have become an empty shell. */
  readonly socket: Socket;
  readonly #shared: Buffer;
  /** What was read into last. */
  #buffer: Buffer;
  /** What the next read writes into, if that is another one. */
  #next: Buffer | undefined;

  /**
   * `accepted` is a socket that reads nothing yet (`pauseOnConnect`). `onBytes` is given what came; it may look at it until it
   * returns, and must `keep` what it needs longer. The first bytes come in a later turn.
   */
  constructor(accepted: Socket, shared: Buffer, onBytes: (bytes: Buffer) => void) {
    this.#shared = shared;
    this.#buffer = shared;
    this.#next = shared;
    this.socket = readInto(accepted, () => this.#takeNext(), onBytes);
    this.socket.resume();
  }

  /** The same bytes, where no later read overwrites them. */
  keep(piece: Uint8Array): Uint8Array {
    if (piece.buffer !== this.#buffer.buffer) return piece;
    if (piece.length < LARGE_BYTES) return Buffer.from(piece);
    // Much came at once, and more may follow: from now on into buffers of this connection.
    this.#next = newReadBuffer();
    return this.#buffer === this.#shared ? Buffer.from(piece) : piece;
  }

  /** What was large is over: the shared buffer will do again. */
  rest(): void {
    this.#next = this.#buffer === this.#shared ? undefined : this.#shared;
  }

  #takeNext(): Buffer | undefined {
    const next = this.#next;
    if (next === undefined) return undefined;
    this.#next = undefined;
    this.#buffer = next;
    return next;
  }
}

/**
 * The socket that reads what `accepted` would, into the buffers that `nextBuffer` names: asked at first and again behind each read,
 * undefined leaves the last one. Where Node cannot, that is `accepted` itself, with buffers of Node's own.
 */
export function readInto(
  accepted: Socket,
  nextBuffer: () => Buffer | undefined,
  onBytes: (bytes: Buffer) => void,
): Socket {
  const handle = takeHandle(accepted);
  if (handle === undefined) return accepted.on("data", onBytes);
  const options = {
    handle,
    allowHalfOpen: true,
    onread: {
      buffer: nextBuffer,
      callback: (length: number, buffer: Buffer) => {
        onBytes(buffer.subarray(0, length));
        return true;
      },
    },
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Node's types know neither handle nor a buffer() that leaves things as they are
  return new Socket(options as unknown as ConstructorParameters<typeof Socket>[0]);
}

/**
 * Node lets only sockets that it connects itself be given a buffer (`onread`), not those that it accepts. So the handle is moved to a
 * socket of ours. Where Node keeps its handles differently one day, undefined: then the accepted socket is read as usual.
 */
function takeHandle(accepted: Socket): object | undefined {
  const handle: unknown = Reflect.get(accepted, HANDLE);
  if (accepted.constructor !== Socket || typeof handle !== "object" || handle === null) {
    return undefined;
  }
  if (!("useUserBuffer" in handle) || typeof handle.useUserBuffer !== "function") return undefined;
  Reflect.set(accepted, HANDLE, null);
  return handle;
}
