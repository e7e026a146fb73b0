// What connections and channels need of a socket: Node's own has it, and so has DirectSocket. The words are Node's, and mean what they mean there.

/** Of all clients and workers: a server has one kind. */
export type SocketKind = "direct" | "node";

export interface ByteSocket {
  /** Undefined for a Unix socket. */
  readonly remoteFamily?: string | undefined;
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  readonly writable: boolean;
  readonly writableEnded: boolean;
  /** Bytes that were written and that the kernel has not taken. */
  readonly writableLength: number;
  readonly writableHighWaterMark: number;
  readonly writableNeedDrain: boolean;

  /** Not for reading: that is `readInto`'s. */
  on(event: "close" | "drain" | "end", listener: () => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  once(event: "finish", listener: () => void): unknown;
  off(event: "drain", listener: () => void): unknown;

  pause(): unknown;
  resume(): unknown;
  /** `bytes` must stay as they are until `onSent`, or while `writableLength` is above 0. */
  write(bytes: Uint8Array, onSent?: () => void): boolean;
  /**
   * As `write`, of a copy of `bytes` and perhaps only at the end of this turn of the event loop. Until then `writableLength` counts nothing
   * of it; `onShort` is called if it does later. False, or not there: nothing was done, and `bytes` have to be written.
   */
  post?(bytes: Uint8Array, onShort: () => void): boolean;
  /** What was posted leaves now, so that `writableLength` counts what the kernel has not taken of it. */
  settle?(): void;
  /** So much of what it has taken the kernel keeps, since the peer has no room for more. Not there: nobody can tell. */
  unconfirmed?(): number;
  cork(): void;
  uncork(): void;
  end(): unknown;
  destroy(): unknown;
  destroySoon(): void;
  resetAndDestroy(): unknown;
}
