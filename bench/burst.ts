// Many requests at the same moment, each on a connection of its own: how long until the last is answered. Knows no servers.

import { connect } from "node:net";

const LIMIT_MS = 60_000;

export interface Burst {
  readonly seconds: number;
  /** Connections that ended without a whole 200. */
  readonly errors: number;
}

export async function burst(url: string, requests: number): Promise<Burst> {
  const startMs = performance.now();
  const answers = await Promise.all(Array.from({ length: requests }, () => isAnswered(url)));
  const seconds = (performance.now() - startMs) / 1000;
  return { seconds, errors: answers.filter((isWhole) => !isWhole).length };
}

function isAnswered(url: string): Promise<boolean> {
  const { hostname, port, host, pathname } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    let answer = "";
    const end = (): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(/^HTTP\/1\.[01] 200 [^]*\r\n\r\nHello, World!\n$/.test(answer));
    };
    const timer = setTimeout(end, LIMIT_MS);
    socket.on("connect", () => {
      socket.write(`GET ${pathname} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    });
    socket.on("data", (chunk) => {
      answer += chunk.toString("latin1");
    });
    socket.on("error", end);
    socket.on("end", end);
  });
}
