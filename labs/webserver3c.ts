// webserver3c: the concurrent server. A child for each request; the parent goes back to accept at once.

import { exit, fork, getpid, getppid, sleep } from "./posix/processes.ts";
import { accept, close, localAddress, openListener, read, writeAll } from "./posix/sockets.ts";
import { PORT, print, sleepSeconds } from "./settings.ts";

const BACKLOG = 5;
const SLEEP = sleepSeconds(60);
const RESPONSE = "HTTP/1.1 200 OK\r\n\r\nHello, World!\n";

const listener = openListener(PORT, BACKLOG);
print(`Serving HTTP on port ${localAddress(listener).port} ...`);
print(`Parent PID (PPID): ${getpid()}`);

for (;;) {
  const { connection } = accept(listener);
  const pid = fork(); // returns twice: in the parent the child's pid, in the child 0
  if (pid === 0) {
    close(listener); // the child's copy: only the parent accepts
    handleRequest(connection);
    close(connection);
    exit(0); // the child ends here
  }
  close(connection); // the parent's copy: the connection ends when the child closes its own
}

function handleRequest(connection: number): void {
  const request = read(connection, 1024);
  print(`Child PID: ${getpid()}. Parent PID: ${getppid()}`);
  print(request.toString());
  writeAll(connection, RESPONSE);
  sleep(SLEEP);
}
