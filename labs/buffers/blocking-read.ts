// A read sleeps until something is there. It costs no processor time, and it is all that this process does.

import { close, read } from "../posix/sockets.ts";
import { print, sleepSeconds } from "../settings.ts";
import { connectedPair, inAnotherProcess, timed } from "./connection.ts";

export function blockingRead(): void {
  const { client, server } = connectedPair();
  inAnotherProcess(`sleep ${sleepSeconds(1)}; printf hello`, client);
  close(client);

  const before = process.cpuUsage();
  const first = timed(() => read(server, 100));
  const { user, system } = process.cpuUsage(before);
  print(`read gave "${first.result.toString()}" after ${first.seconds} of sleep`);
  print(`processor time meanwhile: ${((user + system) / 1000).toFixed(1)} ms`);

  const last = timed(() => read(server, 100));
  print(`read gave ${last.result.length} bytes: the other side has closed`);
  close(server);
}
