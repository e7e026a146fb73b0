// The last connections of a listening socket. close(2) resets what the kernel has accepted and the server has not: a client whose
// connect() went well would see its request fail. Knows nothing of what becomes of a connection.

import type { Server } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { refuseNewConnections } from "./no-new-connections.ts";

/** A flood of new connections must not keep a listener open for ever. */
const MAX_MS = 1000;
/** A handshake that had begun when no new one could any more: what an answer takes from a proxy of the same region. */
const HANDSHAKE_MS = 20;

export interface Listening {
  /** Of the listening socket; undefined where nobody knows it. */
  readonly descriptor: number | undefined;
  /** Takes what waits in the backlog, until `until` at most. */
  acceptAll(until: number): Promise<void> | void;
  close(): void;
}

/**
 * Lets the kernel take no new connection, takes what waits in the backlog, then closes `listening` in the turn that found it empty. Where
 * the kernel goes on (not Linux), who comes between that look and the close is reset: clients that connect again in the moment in which
 * they were answered.
 */
export async function acceptRest(listening: Listening, python: string): Promise<void> {
  if (await refuseNewConnections(listening.descriptor, python)) await delay(HANDSHAKE_MS);
  await listening.acceptAll(performance.now() + MAX_MS);
  listening.close();
}

/** libuv accepts one connection per turn of the event loop (as long as there is one): the backlog is empty after a whole turn without one. */
export async function acceptAllOf(server: Server, until: number): Promise<void> {
  let accepted = 0;
  const count = (): void => {
    accepted++;
  };
  server.on("connection", count);
  await nextTurn(); // The turn that runs now may have looked at the listener before.
  for (let seen = -1; seen !== accepted && performance.now() < until;) {
    seen = accepted;
    await nextTurn();
  }
  server.off("connection", count);
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
