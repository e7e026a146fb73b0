// The body of one request while it arrives: in memory up to a limit, then in a file that the worker opens by name (docs/protocol.md).
// Knows no HTTP: it is given decoded bytes and says when it holds all of them.

import type { SharedSlot } from "../../core/http/exchange.ts";
import type { Keeper } from "../../core/http1/chunk-queue.ts";
import { BlockList } from "./block-list.ts";
import type { Budget } from "./budget.ts";
import { PieceList } from "./piece-list.ts";
import { SlotBytes } from "./slot-bytes.ts";
import { SpoolFile } from "./spool-file.ts";
import type { SpoolSpace } from "./spool-space.ts";

export interface BodyOptions {
  /** Bytes of one body that stay in memory. */
  readonly memoryBytes: number;
  readonly memory: Budget;
  readonly disk: SpoolSpace;
  /** For a large body; undefined if there is none. */
  takeSlot(): SharedSlot | undefined;
  /** A fresh path in the private directory. */
  newPath(): string;
}

/** From this size on a body lies in a slot or in blocks of the pool, which go back there. Smaller ones are left to the garbage collector. */
const LARGE_BYTES = 32 * 1024;
/** So much of each body may lie in memory even if the memory of all is used up: or else slow clients would make a file of every form. */
const ALWAYS_IN_MEMORY_BYTES = 16 * 1024;
/** A file may lag behind the socket by this much before the socket is paused. */
const MAX_QUEUED_BYTES = 512 * 1024;

export class BodyCollector {
  readonly #options: BodyOptions;
  readonly #onProgress: () => void;
  readonly #onError: (error: NodeJS.ErrnoException) => void;
  readonly #pieces = new PieceList();
  /** All of the body, when it is in memory and large. */
  #large: SlotBytes | BlockList | undefined;
  #memoryBytes = 0;
  #file: SpoolFile | undefined;
  #length = 0;

  /** `onProgress`: bytes reached the file, see `mustPause` and `isStored`; `onError`: the file cannot be written. */
  constructor(
    options: BodyOptions,
    onProgress: () => void,
    onError: (error: NodeJS.ErrnoException) => void,
  ) {
    this.#options = options;
    this.#onProgress = onProgress;
    this.#onError = onError;
  }

  get length(): number {
    return this.#length;
  }

  /** The body, when it is in memory. */
  get pieces(): readonly Uint8Array[] {
    return this.#large?.pieces ?? this.#pieces.pieces;
  }

  get slot(): SharedSlot | undefined {
    return this.#large instanceof SlotBytes ? this.#large.slot : undefined;
  }

  /** Where the body is, when it is in a file. */
  get path(): string | undefined {
    return this.#file?.path;
  }

  /** True while the file lags behind: no more should be read from the peer. */
  get mustPause(): boolean {
    return this.#file !== undefined && this.#file.queuedBytes > MAX_QUEUED_BYTES;
  }

  /** True when all that was added can be read by a worker. */
  get isStored(): boolean {
    return this.#file === undefined || this.#file.queuedBytes === 0;
  }

  /** Adds decoded bytes; what stays in memory, `keeper` keeps. False: there is no space left for spool files. */
  add(piece: Uint8Array, keeper: Keeper): boolean {
    this.#length += piece.length;
    if (this.#file !== undefined) return this.#file.append(piece);
    if (this.#takeMemory(piece.length)) {
      if (this.#memoryBytes < LARGE_BYTES) this.#pieces.push(keeper.keep(piece));
      else this.#keepLarge(piece);
      return true;
    }
    return this.#moveToFile(piece);
  }

  /**
   * Where the next of `most` bytes that are still to come may be written, to be added next: they need not be copied then. Undefined where
   * they cannot lie. To be asked anew for each read: what was said before may be somebody else's by now.
   */
  room(most: number): Buffer | undefined {
    const isInMemory = this.#memoryBytes + most <= this.#options.memoryBytes;
    return isInMemory && this.#file === undefined ? this.#large?.room(most) : undefined;
  }

  #takeMemory(bytes: number): boolean {
    const { memory, memoryBytes } = this.#options;
    const length = this.#memoryBytes + bytes;
    if (length > memoryBytes) return false;
    if (length <= ALWAYS_IN_MEMORY_BYTES) memory.takeAnyway(bytes);
    else if (!memory.take(bytes)) return false;
    this.#memoryBytes = length;
    return true;
  }

  #keepLarge(piece: Uint8Array): void {
    this.#large ??= this.#newLarge();
    if (this.#large instanceof SlotBytes) {
      if (this.#large.append(piece)) return;
      this.#large = this.#toBlocks(this.#large);
    }
    this.#large.append(piece);
  }

  #newLarge(): SlotBytes | BlockList {
    const slot = this.#options.takeSlot();
    const large =
      slot === undefined ? new BlockList(this.#options.disk.blocks) : new SlotBytes(slot);
    for (const earlier of this.#pieces.take()) large.append(earlier);
    return large;
  }

  /** It is larger than a slot. */
  #toBlocks(slot: SlotBytes): BlockList {
    const blocks = new BlockList(this.#options.disk.blocks);
    for (const earlier of slot.pieces) blocks.append(earlier);
    slot.clear();
    return blocks;
  }

  #moveToFile(piece: Uint8Array): boolean {
    const { disk } = this.#options;
    const file = new SpoolFile(this.#options.newPath(), disk, this.#onProgress, this.#onError);
    this.#file = file;
    // Where it lies is given back here.
    const kept = this.#large?.isInPlace(piece) === true ? Buffer.from(piece) : piece;
    for (const earlier of this.pieces) if (!file.append(earlier)) return false;
    this.#leaveMemory();
    return file.append(kept);
  }

  /** Gives back memory and file. Safe to call more than once. */
  dispose(): void {
    this.#leaveMemory();
    this.#file?.dispose();
    this.#file = undefined;
  }

  #leaveMemory(): void {
    this.#options.memory.give(this.#memoryBytes);
    this.#memoryBytes = 0;
    this.#pieces.clear();
    this.#large?.clear();
    this.#large = undefined;
  }
}
