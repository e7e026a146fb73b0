// webserver3b: the iterative server with a slow request. While it sleeps for one client, the next one waits.

import { sleep } from "./posix/processes.ts";
import { accept, close, localAddress, openListener, read, writeAll } from "./posix/sockets.ts";
import { PORT, print, sleepSeconds } from "./settings.ts";

const BACKLOG = 5;
const SLEEP = sleepSeconds(60);
const RESPONSE = "HTTP/1.1 200 OK\r\n\r\nHello, World!\n";

const listener = openListener(PORT, BACKLOG);
print(`Serving HTTP on port ${localAddress(listener).port} ...`);

for (;;) {
  const { connection } = accept(listener);
  handleRequest(connection);
  close(connection);
}

function handleRequest(connection: number): void {
  print(read(connection, 1024).toString());
  writeAll(connection, RESPONSE);
  sleep(SLEEP); // blocks the whole process
}
