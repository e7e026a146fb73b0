// webserver3e: the kernel tells a parent by SIGCHLD that a child has ended. A handler that waits leaves no zombie; but the signal also
// wakes accept, which fails with EINTR.

import { exit, fork, getpid, sleep, wait } from "./posix/processes.ts";
import { onSignal } from "./posix/signals.ts";
import { accept, close, localAddress, openListener, read, writeAll } from "./posix/sockets.ts";
import { PORT, print, sleepSeconds } from "./settings.ts";

const BACKLOG = 5;
const SLEEP = sleepSeconds(3);
const RESPONSE = "HTTP/1.1 200 OK\r\n\r\nHello, World!\n";

const listener = openListener(PORT, BACKLOG);
print(`Serving HTTP on port ${localAddress(listener).port} ...`);

onSignal("SIGCHLD", () => {
  const { pid, status } = wait(); // takes the child out of the process table
  print(`Child ${pid} terminated with status ${status}`);
});

for (;;) {
  const { connection } = accept(listener); // EINTR comes from here
  const pid = fork();
  if (pid === 0) {
    close(listener);
    handleRequest(connection);
    close(connection);
    exit(0);
  }
  close(connection);
}

function handleRequest(connection: number): void {
  print(`Child ${getpid()} handles:\n${read(connection, 1024).toString()}`);
  writeAll(connection, RESPONSE);
  sleep(SLEEP); // until the parent is asleep in accept again
}
