// When requests leave for their workers: all that were sent to one in a turn of the event loop in one write, at the end of the turn, or of one
// of the next while connections keep coming (docs/decisions/034-a-connection-for-each-request.md); sooner in a turn that brings very many.

/** Libuv accepts one connection a turn. So many turns in a row may bring one before what waits has to leave. */
const MAX_TURNS = 16;
/** Turns that read large bodies take long: then it leaves before that. */
const MAX_WAIT_MS = 1;
/** With thousands of connections a turn brings thousands of requests. Workers must not stand idle until all of them are read. */
const MOST_REQUESTS = 64;

/** What has something to write. */
export interface Flushable {
  flush(): void;
}

export class ChannelFlusher {
  readonly #connections: () => number;
  readonly #now: () => number;
  readonly #atEndOfTurn: (run: () => void) => void;
  #connectionsBefore = 0;
  #turns = 0;
  /** When the first of these turns was over. */
  #since = 0;
  #dirty: Flushable[] = [];
  /** The end of the turn is waited for. */
  #isWaiting = false;
  /** That have come since the last flush. */
  #requests = 0;

  /**
   * `connections`: how many were ever accepted. While they keep coming, the requests that they bring are waited for. `now`: milliseconds.
   * `atEndOfTurn`: what calls a function there.
   */
  constructor(
    connections: () => number,
    {
      now = () => performance.now(),
      atEndOfTurn = setImmediate,
    }: { now?: () => number; atEndOfTurn?: ((run: () => void) => void) | undefined } = {},
  ) {
    this.#connections = connections;
    this.#now = now;
    this.#atEndOfTurn = atEndOfTurn;
  }

  add(channel: Flushable): void {
    if (this.#dirty.includes(channel)) return;
    this.#dirty.push(channel);
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    this.#atEndOfTurn(this.#endOfTurn);
  }

  /** One more, whether a channel has something to write for it or not. */
  requestCame(): void {
    if (++this.#requests >= MOST_REQUESTS) this.#flush();
  }

  readonly #endOfTurn = (): void => {
    const connections = this.#connections();
    const isOneMore = connections !== this.#connectionsBefore;
    this.#connectionsBefore = connections;
    if (isOneMore && this.#mayWait()) {
      this.#atEndOfTurn(this.#endOfTurn);
      return;
    }
    this.#turns = 0;
    this.#isWaiting = false;
    this.#flush();
  };

  #flush(): void {
    this.#requests = 0;
    if (this.#dirty.length === 0) return;
    const dirty = this.#dirty;
    this.#dirty = [];
    for (const channel of dirty) channel.flush();
  }

  /** For what the next turn brings. */
  #mayWait(): boolean {
    const now = this.#now();
    if (this.#turns === 0) this.#since = now;
    return ++this.#turns < MAX_TURNS && now - this.#since < MAX_WAIT_MS;
  }
}
