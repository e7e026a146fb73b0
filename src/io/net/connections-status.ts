// How many connections are in which state, and what came and went over them: read from the connections when asked for, so that no byte costs
// anything. Knows connections only by what it asks them.

import type { Place } from "../../core/dispatch/request.ts";

/** `waiting`: for a worker; `running`: in a worker's hands, nothing of the answer has come; `sending`: the client is being answered. */
export const CONNECTION_PHASES = [
  "idle",
  "reading",
  "waiting",
  "running",
  "sending",
  "closing",
] as const;
export type ConnectionPhase = (typeof CONNECTION_PHASES)[number];

export interface ConnectionFacts {
  readonly phase: ConnectionPhase;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

export interface ConnectionsStatus {
  readonly open: number;
  readonly max: number;
  readonly byPhase: Readonly<Record<ConnectionPhase, number>>;
  /** Of all connections that there ever were. */
  readonly bytesIn: number;
  readonly bytesOut: number;
}

interface Socket {
  readonly bytesRead: number;
  readonly bytesWritten: number;
  readonly writableEnded: boolean;
}

interface Answered {
  readonly place: Place;
  readonly answerStarted: boolean;
}

interface Halves {
  readonly writer: { readonly isBehind: boolean };
  readonly intake: { readonly isBetweenRequests: boolean };
}

/** `exchange`: the request being answered, if there is one. */
export function factsOf(
  socket: Socket,
  exchange: Answered | undefined,
  halves: Halves,
): ConnectionFacts {
  const phase = socket.writableEnded ? "closing" : phaseOf(exchange, halves);
  return { phase, bytesIn: socket.bytesRead, bytesOut: socket.bytesWritten };
}

function phaseOf(exchange: Answered | undefined, { writer, intake }: Halves): ConnectionPhase {
  if (writer.isBehind) return "sending";
  if (exchange === undefined) return intake.isBetweenRequests ? "idle" : "reading";
  if (exchange.answerStarted) return "sending";
  return exchange.place === "in-hand" ? "running" : "waiting";
}

interface Connection {
  facts(): ConnectionFacts;
}

export class ConnectionsRecord {
  readonly #connections: ReadonlySet<Connection>;
  readonly #max: () => number;
  /** Of connections that are gone. */
  #bytesIn = 0;
  #bytesOut = 0;
  /** What was shown last: a connection that is between gone and counted must not make a sum fall. */
  #shownIn = 0;
  #shownOut = 0;

  constructor(connections: ReadonlySet<Connection>, max: () => number) {
    this.#connections = connections;
    this.#max = max;
  }

  closed(connection: Connection): void {
    const { bytesIn, bytesOut } = connection.facts();
    this.#bytesIn += bytesIn;
    this.#bytesOut += bytesOut;
  }

  status(): ConnectionsStatus {
    const byPhase = { idle: 0, reading: 0, waiting: 0, running: 0, sending: 0, closing: 0 };
    let bytesIn = this.#bytesIn;
    let bytesOut = this.#bytesOut;
    for (const connection of this.#connections) {
      const facts = connection.facts();
      byPhase[facts.phase]++;
      bytesIn += facts.bytesIn;
      bytesOut += facts.bytesOut;
    }
    this.#shownIn = Math.max(this.#shownIn, bytesIn);
    this.#shownOut = Math.max(this.#shownOut, bytesOut);
    return {
      open: this.#connections.size,
      max: this.#max(),
      byPhase,
      bytesIn: this.#shownIn,
      bytesOut: this.#shownOut,
    };
  }
}
