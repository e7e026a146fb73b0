// The last connections of a listening socket. close(2) resets what the kernel has accepted and the server has not: a client whose
// connect() went well would see its request fail. Knows nothing of what becomes of a connection.

import type { Server } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { refuseNewConnections } from "./no-new-connections.ts";

/** A flood of new connections must not keep a listener open for ever. */
const MAX_MS = 1000;
/** A handshake that had begun when no new one could any more: what an answer takes from a proxy of the same region. */
const HANDSHAKE_MS = 20;

/**
 * Lets the kernel take no new connection, takes what waits in the backlog, then closes `server` in the turn that found it empty. libuv
 * accepts one connection per turn of the event loop (as long as there is one), so the backlog is empty after a whole turn that brought
 * none. Where the kernel goes on (not Linux), who comes between that look and the close is reset: clients that connect again in the
 * moment in which they were answered.
 */
export async function acceptRest(server: Server, python: string): Promise<void> {
  if (await refuseNewConnections(server, python)) await delay(HANDSHAKE_MS);
  const until = performance.now() + MAX_MS;
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
  server.close();
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
