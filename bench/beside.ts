// Connections that do nothing, or not enough, while others want answers. Knows no servers.

import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { Beside } from "./workloads.ts";

/** What a server must give within this time: one that is out of workers gives none, and the load goes on without. */
const ANSWER_MS = 5000;
const AT_ONCE = 200;

export class HeldConnections {
  readonly #sockets: Socket[] = [];

  /** Opens them at `url`; resolves when all are connected and, idle ones, answered once. */
  static async open(url: string, kind: Beside["kind"], count: number): Promise<HeldConnections> {
    const held = new HeldConnections();
    const { hostname, port, host, pathname } = new URL(url);
    const head = `GET ${pathname} HTTP/1.1\r\nHost: ${host}\r\n`;
    for (let opened = 0; opened < count; opened += AT_ONCE) {
      const batch = Array.from({ length: Math.min(AT_ONCE, count - opened) }, () =>
        held.#add(connect(Number(port), hostname)),
      );
      await Promise.all(
        batch.map(async (socket) => {
          await within(once(socket, "connect"));
          socket.write(kind === "idle" ? `${head}\r\n` : `${head}X-Half: `);
          if (kind === "idle") await within(once(socket, "data"));
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

/** Resolves when `event` comes, fails, or does not come in time. */
async function within(event: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, ANSWER_MS);
  });
  await Promise.race([event.catch(() => {}), late]);
  clearTimeout(timer);
}
