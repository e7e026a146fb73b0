// Reads what one client sends into a buffer that all connections share. Node's own way makes a buffer of 64 KiB for each read, which costs
// more than all that is done with the few bytes of a usual request (docs/decisions/007-shared-read-buffer.md). Knows no HTTP.

import { Socket } from "node:net";

/** As much as Node itself reads at once. */
const READ_BYTES = 64 * 1024;

/** Where Node's sockets keep what they stand for. */
const HANDLE = "_handle";

export function newReadBuffer(): Buffer {
  return Buffer.allocUnsafeSlow(READ_BYTES);
}

export class SocketReader {
  /** The client's socket from now on: the accepted one may have become an empty shell. */
  readonly socket: Socket;
  readonly #shared: Buffer;

  /**
   * `accepted` is a socket that reads nothing yet (`pauseOnConnect`). `onBytes` is given what came; it may look at it until it
   * returns, and must `keep` what it needs longer. The first bytes come in a later turn.
   */
  constructor(accepted: Socket, shared: Buffer, onBytes: (bytes: Buffer) => void) {
    this.#shared = shared;
    this.socket = readInto(accepted, shared, onBytes);
    this.socket.resume();
  }

  /** The same bytes, where no later read overwrites them. */
  keep(piece: Uint8Array): Uint8Array {
    return piece.buffer === this.#shared.buffer ? Buffer.from(piece) : piece;
  }
}

/**
 * The socket that reads what `accepted` would, into `buffer`, or into those that it names: asked at first and again behind each read,
 * undefined leaves the last one. Where Node cannot, that is `accepted` itself, with buffers of Node's own.
 */
export function readInto(
  accepted: Socket,
  buffer: Buffer | (() => Buffer | undefined),
  onBytes: (bytes: Buffer) => void,
): Socket {
  const handle = takeHandle(accepted);
  if (handle === undefined) return accepted.on("data", onBytes);
  const options = {
    handle,
    allowHalfOpen: true,
    onread: {
      buffer,
      callback: (length: number, read: Buffer) => {
        onBytes(read.subarray(0, length));
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
