// client1: the other side. The smallest web client is a socket too: connect, write a request, read until the server ends.

import { close, connect, localAddress, read, socket, writeAll } from "./posix/sockets.ts";
import { PORT, print } from "./settings.ts";

const path = process.argv[2] ?? "/hello";

const connection = socket();
connect(connection, { host: "127.0.0.1", port: PORT });
print(`Connected from port ${localAddress(connection).port} to port ${PORT}`);

writeAll(connection, `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
for (;;) {
  const data = read(connection, 1024); // sleeps until something arrives
  if (data.length === 0) break; // nothing more will come: the server closed
  print(data.toString());
}
close(connection);
