// A write only copies into the kernel's send buffer, and returns before anybody has read. When the buffer is full, it sleeps.

import { close, MSG_DONTWAIT, send, socketBuffers, write } from "../posix/sockets.ts";
import { isSystemError } from "../posix/system-error.ts";
import { print, sleepSeconds } from "../settings.ts";
import { connectedPair, inAnotherProcess, timed } from "./connection.ts";

const PIECE = Buffer.alloc(16_384, "x");

export function fullBuffer(): void {
  const { client, server } = connectedPair(32_768);
  const sizes = { send: socketBuffers(server).send, receive: socketBuffers(client).receive };
  print(`send buffer ${sizes.send} bytes here, receive buffer ${sizes.receive} bytes there`);

  print(`${fill(server)} bytes written, and nobody has read one of them`);
  inAnotherProcess(`sleep ${sleepSeconds(1)}; cat > /dev/null`, client);
  close(client);
  const { result, seconds } = timed(() => write(server, PIECE));
  print(`the next write of ${result} bytes slept ${seconds}, until the reader made room`);
  close(server);
}

/** Writes until a write would sleep; MSG_DONTWAIT makes it fail with EAGAIN instead. */
function fill(fd: number): number {
  let written = 0;
  try {
    for (;;) written += send(fd, PIECE, MSG_DONTWAIT);
  } catch (error) {
    if (!isSystemError(error, "EAGAIN")) throw error;
    return written;
  }
}
