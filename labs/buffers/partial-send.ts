// send may take fewer bytes than it was given, and says how many. Who does not look loses the rest; sendall is the loop that looks.

import { close, endWriting, MSG_DONTWAIT, poll, POLLOUT, read, send } from "../posix/sockets.ts";
import { isSystemError } from "../posix/system-error.ts";
import { print, sleepSeconds } from "../settings.ts";
import { connectedPair, inAnotherProcess } from "./connection.ts";

const ANSWER = Buffer.alloc(1_000_000, "x");

export function partialSend(): void {
  const { client, server } = connectedPair(32_768);
  const taken = send(server, ANSWER, MSG_DONTWAIT);
  print(
    `send took ${taken} of ${ANSWER.length} bytes; the client will miss ${ANSWER.length - taken}`,
  );

  inAnotherProcess(
    `sleep ${sleepSeconds(1)}; wc -c | sed 's/^ */the client has got /' >&2`,
    client,
  );
  close(client);
  const calls = sendAll(server, ANSWER.subarray(taken));
  print(`the loop sent the rest by ${calls} more calls`);
  endWriting(server); // the other process has inherited a copy of this descriptor: close alone would not end the connection
  read(server, 1); // until the client has ended
  close(server);
}

/** send, wait until there is room, send what is left. Returns the number of calls that took something. */
function sendAll(fd: number, bytes: Buffer): number {
  let rest = bytes;
  let calls = 0;
  while (rest.length > 0) {
    try {
      poll([fd], POLLOUT, -1); // sleeps until there is room
      rest = rest.subarray(send(fd, rest, MSG_DONTWAIT));
      calls++;
    } catch (error) {
      if (!isSystemError(error, "EAGAIN", "EINTR")) throw error; // no room after all, or a signal came: wait again
    }
  }
  return calls;
}
