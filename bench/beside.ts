// Connections that do nothing, or not enough, while others want answers. Knows no servers.

import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { Beside } from "./workloads.ts";

/** All must be connected and answered within this time: a server that is out of workers answers none, and the load goes on without. */
const OPENING_MS = 10_000;
/**
 * So it does when no further one is for so long. Longer than the pauses of a server that gets on: a connection that did not fit into the backlog
 * is tried again after 1 and 3 s, and gunicorn's threads get rid of what rests after 2 s.
 */
const STANDSTILL_MS = 4_000;
const AT_ONCE = 200;

export class HeldConnections {
  readonly #sockets: Socket[] = [];

  /** Opens them at `url`; resolves when all are connected and, idle ones, answered once, or when that takes too long. */
  static async open(url: string, kind: Beside["kind"], count: number): Promise<HeldConnections> {
    const held = new HeldConnections();
    const { hostname, port, host, pathname } = new URL(url);
    const standstill = new AbortController();
    const timer = setTimeout(() => {
      standstill.abort();
    }, STANDSTILL_MS);
    const deadline = AbortSignal.any([standstill.signal, AbortSignal.timeout(OPENING_MS)]);
    const until = async (socket: Socket, event: string): Promise<void> => {
      try {
        await once(socket, event, { signal: deadline });
        timer.refresh();
      } catch {
        // It was refused, or nothing comes any more.
      }
    };
    const head = `GET ${pathname} HTTP/1.1\r\nHost: ${host}\r\n`;
    for (let opened = 0; opened < count; opened += AT_ONCE) {
      const batch = Array.from({ length: Math.min(AT_ONCE, count - opened) }, () =>
        held.#add(connect(Number(port), hostname)),
      );
      await Promise.all(
        batch.map(async (socket) => {
          await until(socket, "connect");
          socket.write(kind === "idle" ? `${head}\r\n` : `${head}X-Half: `);
          if (kind === "idle") await until(socket, "data");
        }),
      );
    }
    clearTimeout(timer);
    return held;
  }

  #add(socket: Socket): Socket {
    socket.on("error", () => {}); // A server that closes them has its reasons.
    this.#sockets.push(socket);
    return socket;
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}
