// Connections that do nothing, or not enough, while others want answers. Knows no servers.

import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { Beside } from "./workloads.ts";

/** All must be connected and answered within this time: a server that is out of workers answers none, and the load goes on without. */
const OPENING_MS = 10_000;
const AT_ONCE = 200;

export class HeldConnections {
  readonly #sockets: Socket[] = [];

  /** Opens them at `url`; resolves when all are connected and, idle ones, answered once. */
  static async open(url: string, kind: Beside["kind"], count: number): Promise<HeldConnections> {
    const held = new HeldConnections();
    const { hostname, port, host, pathname } = new URL(url);
    const deadline = AbortSignal.timeout(OPENING_MS);
    const head = `GET ${pathname} HTTP/1.1\r\nHost: ${host}\r\n`;
    for (let opened = 0; opened < count; opened += AT_ONCE) {
      const batch = Array.from({ length: Math.min(AT_ONCE, count - opened) }, () =>
        held.#add(connect(Number(port), hostname)),
      );
      await Promise.all(
        batch.map(async (socket) => {
          await until(once(socket, "connect", { signal: deadline }));
          socket.write(kind === "idle" ? `${head}\r\n` : `${head}X-Half: `);
          if (kind === "idle") await until(once(socket, "data", { signal: deadline }));
        }),
      );
    }
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

/** Resolves when `event` comes, fails, or its deadline is over. */
async function until(event: Promise<unknown>): Promise<void> {
  await event.catch(() => {});
}
