// webserver3a: the iterative server. It handles one client at a time; all others wait in the listener's backlog.

import { accept, close, localAddress, openListener, read, writeAll } from "./posix/sockets.ts";
import { PORT, print } from "./settings.ts";

const BACKLOG = 5;
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
}
