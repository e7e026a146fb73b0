// What a client has not read yet: first in the socket's own queue in memory, then in a file, then by holding the worker back.
// Knows bytes and one socket; knows nothing of HTTP.

import type { ByteSocket } from "../sockets/byte-socket.ts";
import type { Budget } from "./budget.ts";
import { SpoolFile } from "./spool-file.ts";
import { SpoolSpace } from "./spool-space.ts";
import { StallClock } from "./stall-clock.ts";
import { takenBytesOf } from "./taken-bytes.ts";

export interface BacklogOptions {
  /** Bytes of one answer that wait in memory before a file is used. */
  readonly responseMemoryBytes: number;
  /** Bytes of one answer that wait in a file before the worker is held back; 0: no file is made. */
  readonly responseFileBytes: number;
  /** A client that takes nothing for this long is gone. */
  readonly sendTimeoutMs: number;
  readonly memory: Budget;
  readonly disk: SpoolSpace;
  /** A fresh path in the private directory. */
  newPath(): string;
}

/** The file may lag behind the worker by this much. */
const MAX_QUEUED_BYTES = 1024 * 1024;
const NO_SPACE = new SpoolSpace(0, 0);

export interface BacklogEvents {
  /** The worker has to be held back, or may go on. */
  onHold(isHeld: boolean): void;
  /** The client has taken enough to go on with another answer. */
  onCaughtUp(): void;
  /** It has taken nothing of what waits for it for `sendTimeoutMs`, whatever it sends. */
  onStalled(): void;
  onError(error: Error): void;
}

export class ResponseBacklog {
  readonly #socket: ByteSocket;
  readonly #options: BacklogOptions;
  readonly #events: BacklogEvents;
  #countedBytes = 0;
  /** While something waits: see `#look`. */
  #watching: NodeJS.Timeout | undefined;
  #file: SpoolFile | undefined;
  #readPosition = 0;
  #isReading = false;
  /** What is read back at once lies here. */
  #block: Buffer | undefined;
  /** What neither memory nor file could take: at most what arrives before the held worker's channel stops. */
  #overflow: Uint8Array[] = [];
  #isHolding = false;

  constructor(socket: ByteSocket, options: BacklogOptions, events: BacklogEvents) {
    this.#socket = socket;
    this.#options = options;
    this.#events = events;
  }

  /** Bytes must go through `append`, not to the socket: they have to wait behind others. */
  get isActive(): boolean {
    return this.#file !== undefined;
  }

  get isBehind(): boolean {
    // Below Node's own mark no drain tells when it has gone.
    const most = Math.max(this.#options.responseMemoryBytes, this.#socket.writableHighWaterMark);
    return this.#file !== undefined || this.#socket.writableLength > most;
  }

  /** The socket has not taken everything: count it, and go over to a file when it is too much. */
  watch(): void {
    const waiting = this.#socket.writableLength;
    this.#count(waiting);
    this.#watching ??= this.#startWatching();
    const isScarce = this.#options.memory.isExhausted;
    const limit = isScarce ? this.#socket.writableHighWaterMark : this.#options.responseMemoryBytes;
    // Without a drain to come, nobody would read the file back: what is below Node's own mark stays in memory.
    const mustSpool = waiting > limit && this.#socket.writableNeedDrain;
    if (mustSpool && this.#file === undefined) this.#openFile();
  }

  /** Another answer begins. What waited of those before, the client may have taken without a word. */
  answerBegins(): void {
    if (this.#watching === undefined || this.#file !== undefined || this.#socket.writableLength > 0)
      return;
    if (!this.#socket.writableNeedDrain) this.#stopWatching();
  }

  /** Copies `bytes`. */
  append(bytes: Uint8Array): void {
    const file = this.#file;
    if (file === undefined) return;
    // What was read back still takes its room on the disk, until all is read and the file goes.
    const isFull = file.totalBytes + bytes.length > this.#options.responseFileBytes;
    if (this.#overflow.length > 0 || isFull || !file.append(bytes)) {
      this.#overflow.push(Buffer.from(bytes));
      this.#hold(true);
      return;
    }
    if (file.queuedBytes > MAX_QUEUED_BYTES) this.#hold(true);
  }

  dispose(): void {
    this.#stopWatching();
    this.#file?.dispose();
    this.#file = undefined;
    this.#leaveBlock();
    this.#overflow = [];
    this.#isHolding = false;
  }

  readonly #onDrain = (): void => {
    if (this.#file !== undefined) {
      this.#count(this.#socket.writableLength);
      this.#readBack();
      return;
    }
    this.#stopWatching();
    this.#events.onCaughtUp();
  };

  #startWatching(): NodeJS.Timeout {
    this.#socket.on("drain", this.#onDrain);
    const clock = new StallClock(this.#options.sendTimeoutMs);
    return setInterval(() => {
      this.#look(clock);
    }, clock.periodMs).unref();
  }

  #stopWatching(): void {
    this.#count(0);
    if (this.#watching === undefined) return;
    clearInterval(this.#watching);
    this.#watching = undefined;
    this.#socket.off("drain", this.#onDrain);
  }

  /** Small answers are taken without a word: then nothing waits. */
  #look(clock: StallClock): void {
    if (this.#file === undefined && this.#socket.writableLength === 0) this.#stopWatching();
    else if (clock.isOver(performance.now(), takenBytesOf(this.#socket))) this.#events.onStalled();
  }

  #count(bytes: number): void {
    this.#options.memory.takeAnyway(bytes - this.#countedBytes);
    this.#countedBytes = bytes;
  }

  #openFile(): void {
    const { responseFileBytes, disk } = this.#options;
    this.#readPosition = 0;
    this.#file = new SpoolFile(
      this.#options.newPath(),
      responseFileBytes === 0 ? NO_SPACE : disk,
      () => {
        if (this.#file !== undefined) this.#releaseIfLow(this.#file);
        this.#readBack();
      },
      (error) => {
        this.#events.onError(error);
      },
    );
  }

  #readBack(): void {
    const file = this.#file;
    if (file === undefined || this.#isReading || this.#socket.writableNeedDrain) return;
    if (this.#readPosition < file.writtenBytes) {
      this.#isReading = true;
      file.read(this.#readPosition, this.#freeBlock(), (bytes) => {
        this.#isReading = false;
        this.#readPosition += bytes.length;
        this.#socket.write(bytes);
        this.#count(this.#socket.writableLength);
        this.#releaseIfLow(file);
        this.#readBack();
      });
      return;
    }
    if (file.queuedBytes === 0) this.#closeFile(file);
  }

  /** To read into. Each block is progress that the send time-out can see. */
  #freeBlock(): Buffer {
    const { blocks } = this.#options.disk;
    // The socket still reads from the last one: that is left to the garbage collector.
    if (this.#socket.writableLength > 0) this.#block = undefined;
    this.#block ??= blocks.take();
    return this.#block;
  }

  #leaveBlock(): void {
    const block = this.#block;
    this.#block = undefined;
    if (block !== undefined && !this.#isReading && this.#socket.writableLength === 0) {
      this.#options.disk.blocks.give(block);
    }
  }

  #releaseIfLow(file: SpoolFile): void {
    if (this.#overflow.length === 0 && file.queuedBytes < MAX_QUEUED_BYTES / 2) this.#hold(false);
  }

  /** Everything in the file went to the socket. */
  #closeFile(file: SpoolFile): void {
    file.dispose();
    this.#file = undefined;
    this.#leaveBlock();
    const overflow = this.#overflow;
    this.#overflow = [];
    for (const bytes of overflow) this.#socket.write(bytes);
    this.#hold(false);
    if (this.#socket.writableNeedDrain) {
      this.watch();
      return;
    }
    // What the socket still has, the client may never take: the watch goes on, until it finds that it did.
    if (this.#socket.writableLength > 0) this.#count(this.#socket.writableLength);
    else this.#stopWatching();
    this.#events.onCaughtUp();
  }

  #hold(isHeld: boolean): void {
    if (this.#isHolding === isHeld) return;
    this.#isHolding = isHeld;
    this.#events.onHold(isHeld);
  }
}
