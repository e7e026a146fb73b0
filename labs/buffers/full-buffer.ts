// A write only copies into the kernel's send buffer, and returns before anybody has read. When the buffer is full, it sleeps.

import { sleep } from "../posix/processes.ts";
import { close, endWriting, MSG_DONTWAIT, send, socketBuffers, write } from "../posix/sockets.ts";
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
  endWriting(server); // not close alone: the reader has inherited a copy of this descriptor too
  close(server);
}

/** Writes until there is no room, neither here nor there; MSG_DONTWAIT fails with EAGAIN where `write` would sleep. */
function fill(fd: number): number {
  let written = 0;
  for (let refusals = 0; refusals < 5;) {
    try {
      written += send(fd, PIECE, MSG_DONTWAIT);
      refusals = 0;
    } catch (error) {
      if (!isSystemError(error, "EAGAIN")) throw error;
      refusals++;
      sleep(0.05); // what moves on to the receive buffer meanwhile makes room here: ask again
    }
  }
  return written;
}
