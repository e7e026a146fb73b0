// Each write is a system call and, with TCP_NODELAY or on an idle connection, a packet. A server that writes status, fields and body one
// by one pays for each; one that joins them first pays once.

import { close, read, writeAll } from "../posix/sockets.ts";
import { print } from "../settings.ts";
import { connectedPair, timed } from "./connection.ts";

const PIECES = [
  "HTTP/1.1 200 OK\r\n",
  ...Array.from({ length: 20 }, (_, i) => `X-Field-${i}: value\r\n`),
  "\r\n",
  "Hello, World!\n",
];
const ANSWERS = 200;

export function unbufferedWrites(): void {
  tell("piece by piece", PIECES);
  tell("joined first", [PIECES.join("")]);
}

function tell(how: string, pieces: readonly string[]): void {
  const { client, server } = connectedPair();
  const { milliseconds } = timed(() => {
    for (let answer = 0; answer < ANSWERS; answer++)
      for (const piece of pieces) writeAll(server, piece);
  });
  print(`${how}: ${ANSWERS} answers by ${ANSWERS * pieces.length} writes in ${milliseconds}`);
  close(server);
  while (read(client, 65_536).length > 0);
  close(client);
}
