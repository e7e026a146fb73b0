// client5: clients for webserver5, all in one process.
// Usage: bin/lab client5 [--connections 10000]   opens them, asks on each, keeps them; then asks once a second and says how long it took
//        bin/lab client5 --websockets N          opens N WebSockets, says hello on each, keeps them

import { connect, type Socket } from "node:net";
import { parseArgs } from "node:util";
import { PORT, print } from "./settings.ts";

const REQUEST = "GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n";
/** The listener's backlog must not overflow: the kernel would try again only after a second. */
const CONNECTING_AT_ONCE = 500;

const { values } = parseArgs({
  options: { connections: { type: "string", default: "10000" }, websockets: { type: "string" } },
});
if (values.websockets === undefined) await manyConnections(Number(values.connections));
else openWebSockets(Number(values.websockets));

async function manyConnections(count: number): Promise<void> {
  const sockets: Socket[] = [];
  while (sockets.length < count) {
    const size = Math.min(CONNECTING_AT_ONCE, count - sockets.length);
    sockets.push(...(await Promise.all(Array.from({ length: size }, openConnection))));
  }
  print(`${sockets.length} connections`);
  const { milliseconds } = await timed(() => Promise.all(sockets.map(ask)));
  print(`${sockets.length} answers in ${milliseconds} ms`);
  const [first] = sockets;
  if (first === undefined) return;
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    print(`an answer after ${(await timed(() => ask(first))).milliseconds} ms`);
  }
}

async function openConnection(): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect({ host: "127.0.0.1", port: PORT }, () => resolve(socket));
    socket.once("error", reject);
  });
}

/** The answers are small enough to come in one piece. */
async function ask(socket: Socket): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    socket.once("data", () => resolve());
    socket.once("error", reject);
    socket.write(REQUEST);
  });
}

async function timed(work: () => Promise<unknown>): Promise<{ milliseconds: string }> {
  const startMs = performance.now();
  await work();
  return { milliseconds: (performance.now() - startMs).toFixed(0) };
}

function openWebSockets(count: number): void {
  for (let i = 1; i <= count; i++) {
    const webSocket = new WebSocket(`ws://127.0.0.1:${PORT}/`);
    webSocket.addEventListener("open", () => webSocket.send(`hello from WebSocket ${i}`));
    webSocket.addEventListener("message", ({ data }) => print(String(data)));
    webSocket.addEventListener("close", () => print(`WebSocket ${i} is closed`));
  }
}
