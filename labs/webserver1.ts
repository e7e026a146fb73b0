// webserver1: a web server is a socket that listens, and a loop: accept a connection, read the request, write the answer, close.

import {
  accept,
  bind,
  close,
  listen,
  localAddress,
  read,
  reuseAddress,
  socket,
  writeAll,
} from "./posix/sockets.ts";
import { PORT, print } from "./settings.ts";

const RESPONSE = "HTTP/1.1 200 OK\r\n\r\nHello, World!\n";

const listener = socket();
reuseAddress(listener);
bind(listener, { host: "127.0.0.1", port: PORT });
listen(listener, 1);
print(`Serving HTTP on port ${localAddress(listener).port} ...`);

for (;;) {
  const { connection } = accept(listener); // sleeps here until a client comes
  const request = read(connection, 1024);
  print(request.toString());
  writeAll(connection, RESPONSE);
  close(connection);
}
