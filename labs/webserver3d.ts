// webserver3d: webserver3c with a mistake. The parent keeps its copy of each connection: no client ever sees the end, the descriptors
// run out, and the children stay in the process table as zombies, because nobody asks how they ended.

import { exit, fork } from "./posix/processes.ts";
import { accept, close, localAddress, openListener, read, writeAll } from "./posix/sockets.ts";
import { PORT, print } from "./settings.ts";

const BACKLOG = 128;
const RESPONSE = "HTTP/1.1 200 OK\r\n\r\nHello, World!\n";

const listener = openListener(PORT, BACKLOG);
print(`Serving HTTP on port ${localAddress(listener).port} ...`);

const connections: number[] = [];
for (;;) {
  const { connection } = accept(listener);
  connections.push(connection); // kept, not closed
  const pid = fork();
  if (pid === 0) {
    close(listener);
    handleRequest(connection);
    close(connection);
    exit(0);
  }
  print(`${connections.length} connections`); // and no close(connection) here
}

function handleRequest(connection: number): void {
  read(connection, 1024);
  writeAll(connection, RESPONSE);
}
