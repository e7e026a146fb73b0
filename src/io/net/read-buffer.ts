// Reads what one client sends into a buffer that all connections share. Node's own way makes a buffer of 64 KiB for each read, which costs
// more than all that is done with the few bytes of a usual request (docs/decisions/007-shared-read-buffer.md). Knows no HTTP.

import { Socket } from "node:net";
import type { ByteSocket } from "../sockets/byte-socket.ts";
import { DirectSocket } from "../sockets/direct-socket.ts";
import { handleOf } from "./node-handle.ts";

/** As much as Node itself reads at once. */
const READ_BYTES = 64 * 1024;

/** What all connections read into, one after the other. */
export class ReadBuffer {
  readonly #bytes = Buffer.allocUnsafeSlow(READ_BYTES);

  /**
   * `accepted` is a socket that reads nothing yet (`pauseOnConnect`). `onBytes` is given what came; it may look at it until it
   * returns, and must `keep` what it needs longer. The first bytes come in a later turn. `room` may name another place for the next read,
   * where that can be asked for before each.
   */
  read(
    accepted: ByteSocket,
    onBytes: (bytes: Buffer) => void,
    room: () => Buffer | undefined = () => undefined,
  ): void {
    const isDirect = accepted instanceof DirectSocket;
    readInto(accepted, isDirect ? () => room() ?? this.#bytes : this.#bytes, onBytes);
  }

  /** The same bytes, where no later read overwrites them. */
  keep(piece: Uint8Array): Uint8Array {
    return piece.buffer === this.#bytes.buffer ? Buffer.from(piece) : piece;
  }
}

/**
 * Has `accepted`, which reads nothing yet, read into `buffer`, or into those that it names: asked at first and again for each read
 * (of Node's sockets behind the one before), undefined leaves the last one. Where this Node cannot, the buffers are Node's own.
 */
export function readInto(
  accepted: ByteSocket,
  buffer: Buffer | (() => Buffer | undefined),
  onBytes: (bytes: Buffer) => void,
): void {
  if (accepted instanceof DirectSocket) accepted.readInto(buffer, onBytes);
  else if (accepted instanceof Socket) readWithNode(accepted, buffer, onBytes);
  else throw new TypeError("neither a socket of Node's nor a direct one");
}

function readWithNode(
  accepted: Socket,
  buffer: Buffer | (() => Buffer | undefined),
  onBytes: (bytes: Buffer) => void,
): void {
  const handle = bufferedHandleOf(accepted);
  const first = typeof buffer === "function" ? buffer() : buffer;
  if (handle === undefined || ONREAD === undefined || first === undefined) {
    accepted.on("data", onBytes).resume();
    return;
  }
  Reflect.set(accepted, ONREAD.buffer, first);
  Reflect.set(accepted, ONREAD.callback, (length: number, read: Buffer) => {
    onBytes(read.subarray(0, length));
    return true;
  });
  if (typeof buffer === "function") Reflect.set(accepted, ONREAD.nextBuffer, buffer);
  handle.useUserBuffer(first);
  accepted.read(0); // Now, rather than in the next turn as resume() does, whatever pause() says until then.
  accepted.resume();
}

const callback = (): boolean => true;

/**
 * Node lets only sockets that it connects itself be given a buffer (`onread`), not those that it accepts. So an accepted one is given
 * what the other kind has: these are the properties in which Node keeps it. Undefined where a Node keeps it differently.
 */
const ONREAD = findOnread();

interface OnreadProperties {
  readonly buffer: PropertyKey;
  readonly callback: PropertyKey;
  readonly nextBuffer: PropertyKey;
}

function findOnread(): OnreadProperties | undefined {
  const fixed = Buffer.alloc(1);
  const next = (): Buffer => fixed;
  const reads = new Socket({ onread: { buffer: fixed, callback } });
  const asks = new Socket({ onread: { buffer: next, callback } });
  const found = {
    buffer: propertyWith(reads, fixed),
    callback: propertyWith(reads, callback),
    nextBuffer: propertyWith(asks, next),
  };
  const { buffer, nextBuffer } = found;
  if (buffer === undefined || found.callback === undefined || nextBuffer === undefined) {
    return undefined;
  }
  return { buffer, callback: found.callback, nextBuffer };
}

function propertyWith(socket: Socket, value: unknown): PropertyKey | undefined {
  return Reflect.ownKeys(socket).find((key) => Reflect.get(socket, key) === value);
}

interface BufferedHandle {
  useUserBuffer(buffer: Uint8Array): void;
}

function bufferedHandleOf(accepted: Socket): BufferedHandle | undefined {
  const handle = accepted.constructor === Socket ? handleOf(accepted) : undefined;
  if (handle === undefined || !("useUserBuffer" in handle)) return undefined;
  if (typeof handle.useUserBuffer !== "function") return undefined;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- looked at in the lines above; Node's types know no handles
  return handle as BufferedHandle;
}
