// When requests leave for their workers: all that were sent to one in a turn of the event loop in one write, at the end of the turn.

/** Libuv accepts one connection a turn. So many turns in a row may bring one before what waits has to leave: less than a millisecond. */
const MAX_TURNS = 16;

/** What has something to write. */
export interface Flushable {
  flush(): void;
}

export class ChannelFlusher {
  readonly #connections: () => number;
  #connectionsBefore = 0;
  #turns = 0;
  #dirty: Flushable[] = [];

  /** `connections`: how many were ever accepted. While they keep coming, the requests that they bring are waited for. */
  constructor(connections: () => number) {
    this.#connections = connections;
  }

  add(channel: Flushable): void {
    if (this.#dirty.includes(channel)) return;
    this.#dirty.push(channel);
    if (this.#dirty.length === 1) setImmediate(this.#endOfTurn);
  }

  readonly #endOfTurn = (): void => {
    const connections = this.#connections();
    const isOneMore = connections !== this.#connectionsBefore;
    this.#connectionsBefore = connections;
    if (isOneMore && ++this.#turns < MAX_TURNS) {
      setImmediate(this.#endOfTurn);
      return;
    }
    this.#turns = 0;
    const dirty = this.#dirty;
    this.#dirty = [];
    for (const channel of dirty) channel.flush();
  };
}
