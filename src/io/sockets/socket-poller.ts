// Which sockets are ready, for all DirectSockets of the process: one epoll descriptor, which libuv watches among its own. What is ready is
// handled in one go, in the turn of the event loop that found it. Knows descriptors; nothing of what is read or written.

import { type Libc, loadLibc } from "./libc.ts";
import { EDGES_ONLY, PEER_ENDED, READABLE, URGENT, WRITABLE } from "./poll-events.ts";
import { SendBatch, type Sender } from "./send-batch.ts";
import { systemError } from "./system-error.ts";

const CLOSE_ON_EXEC = 0x8_0000;
const ADD = 1;
const REMOVE = 2;
const MODIFY = 3;
const INPUT = READABLE | URGENT | PEER_ENDED | EDGES_ONLY;
const MOST_EVENTS = 512;
/** As libuv does it: then timers get their turn. */
const MOST_ROUNDS = 48;
/** `struct epoll_event` is packed on x86-64 alone. In 32 bit words. */
const EVENT_WORDS = process.arch === "x64" ? 3 : 4;
const DESCRIPTOR_AT = process.arch === "x64" ? 1 : 2;

export interface Pollable {
  /** `events`: of READABLE, WRITABLE, URGENT and ENDING, those that have become true. Never told again while they stay true. */
  onReady(events: number): void;
}

export class SocketPoller {
  readonly libc: Libc;
  /** Undefined where the kernel has no such thing for this process. */
  readonly #batch: SendBatch | undefined;
  readonly #epoll: number;
  readonly #watch: ReturnType<Libc["watch"]>;
  /** By descriptor. */
  readonly #pollables: (Pollable | undefined)[] = [];
  readonly #events = new Int32Array(MOST_EVENTS * EVENT_WORDS);
  readonly #event = new Int32Array(EVENT_WORDS);
  readonly #eventBytes = new Uint8Array(this.#event.buffer);
  #count = 0;
  #isScheduled = false;
  #isInTurn = false;
  #again: Pollable[] = [];
  #soon: (() => void)[] = [];
  #atEnd: (() => void)[] = [];

  private constructor(libc: Libc) {
    this.libc = libc;
    this.#batch = SendBatch.open(libc);
    this.#epoll = libc.epollCreate(CLOSE_ON_EXEC);
    if (this.#epoll < 0) throw systemError("epoll_create1", libc.lastErrno());
    this.#watch = libc.watch(this.#epoll, () => {
      this.#schedule();
    });
    this.#watch.unref();
  }

  /** Undefined where the process cannot make such calls: then Node's own sockets serve. */
  static start(): SocketPoller | undefined {
    const libc = loadLibc();
    return libc === undefined ? undefined : new SocketPoller(libc);
  }

  /**
   * From now on `pollable` is told what becomes true of `fd`, and at first what is true already, until `forget`; of WRITABLE only while it is
   * waited for. Throws where the kernel cannot.
   */
  add(fd: number, pollable: Pollable): void {
    this.#control(ADD, fd, INPUT);
    this.#pollables[fd] = pollable;
    if (this.#count++ === 0) this.#watch.ref();
  }

  /**
   * Whether WRITABLE is told, also if it is true already. A Unix socket becomes writable anew each time that its peer reads: whoever
   * waited for that without a need would be woken by every read of a worker's.
   */
  waitForRoom(fd: number, isWaiting: boolean): void {
    this.#control(MODIFY, fd, isWaiting ? INPUT | WRITABLE : INPUT);
  }

  /** As `forget`, of a descriptor that another process may have open too: then closing it here tells the kernel nothing. */
  remove(fd: number): void {
    this.libc.epollCtl(this.#epoll, REMOVE, fd, this.#eventBytes);
    this.forget(fd);
  }

  /** `fd` is about to be closed, which takes it out of the kernel's list too. */
  forget(fd: number): void {
    this.#pollables[fd] = undefined;
    if (--this.#count === 0) this.#watch.unref();
  }

  /** `pollable` is told READABLE in the next turn, whatever the kernel says. */
  again(pollable: Pollable): void {
    this.#again.push(pollable);
    this.#schedule();
  }

  /** Calls `run` when what is running has returned, and before the next socket has its turn. */
  soon(run: () => void): void {
    if (this.#isInTurn) this.#soon.push(run);
    else process.nextTick(run);
  }

  /** Calls `run` when all that is ready in this turn has been handled; outside of a turn, or at the end of one, that of the next. */
  readonly atEndOfTurn = (run: () => void): void => {
    this.#atEnd.push(run);
    if (!this.#isInTurn) this.#schedule();
  };

  /** Within a turn: a copy of `bytes` leaves at its end, with those of others. False: it has to leave in another way. */
  post(fd: number, bytes: Uint8Array, sender: Sender): boolean {
    return this.#isInTurn && this.#batch?.add(fd, bytes, sender) === true;
  }

  /** What was posted leaves now. */
  sendPosted(): void {
    this.#batch?.run();
  }

  #control(operation: number, fd: number, events: number): void {
    this.#event[0] = events;
    this.#event[DESCRIPTOR_AT] = fd;
    if (this.libc.epollCtl(this.#epoll, operation, fd, this.#eventBytes) < 0) {
      throw systemError("epoll_ctl", this.libc.lastErrno());
    }
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    // Node's own way to run what comes from outside: with its ticks, promises and uncaught errors.
    setImmediate(this.#turn);
  }

  readonly #turn = (): void => {
    this.#isScheduled = false;
    this.#isInTurn = true;
    try {
      this.#handleAgain();
      for (let round = 0; round < MOST_ROUNDS && this.#handleReady() === MOST_EVENTS; round++);
      this.#end(); // Workers first: they may begin.
      do {
        this.sendPosted();
        this.#runSoon(); // Of clients that turned out to be gone: others may be given answers for it.
      } while (this.#batch?.isEmpty === false);
    } finally {
      this.#isInTurn = false;
      if (this.#atEnd.length > 0) this.#schedule();
    }
  };

  #handleAgain(): void {
    if (this.#again.length === 0) return;
    const again = this.#again;
    this.#again = [];
    for (const pollable of again) {
      pollable.onReady(READABLE);
      this.#runSoon();
    }
  }

  #handleReady(): number {
    const events = this.#events;
    const count = this.libc.epollWait(this.#epoll, events, MOST_EVENTS, 0);
    for (let at = 0; at < count * EVENT_WORDS; at += EVENT_WORDS) {
      // One that was closed meanwhile is not there any more, or another has its number: who is told in vain finds nothing.
      this.#pollables[events[at + DESCRIPTOR_AT] ?? -1]?.onReady(events[at] ?? 0);
      this.#runSoon();
    }
    return count;
  }

  /** What these ask for is for the next turn's end. */
  #end(): void {
    if (this.#atEnd.length === 0) return;
    const atEnd = this.#atEnd;
    this.#atEnd = [];
    for (const run of atEnd) {
      run();
      this.#runSoon();
    }
  }

  /** Node's ticks wait until the whole turn is over. */
  #runSoon(): void {
    while (this.#soon.length > 0) {
      const soon = this.#soon;
      this.#soon = [];
      for (const run of soon) run();
    }
  }
}
