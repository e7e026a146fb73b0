// client3 where fork is refused: all connections are opened by this one process.

import { parseArgs } from "node:util";

import { connect, pipe, read, socket, writeAll } from "../posix/sockets.ts";
import { PORT, print } from "../settings.ts";

const { values } = parseArgs({
  options: {
    "max-clients": { type: "string", default: "1" },
    "max-conns": { type: "string", default: "1024" },
  },
});
const clients = Number(values["max-clients"]);
const connections = Number(values["max-conns"]);

for (let count = 0; count < clients * connections; count++) {
  const connection = socket();
  connect(connection, { host: "127.0.0.1", port: PORT });
  writeAll(connection, "GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n");
}
print(`${clients} clients started, ${connections} connections each; Ctrl-C ends them`);
const [forEver] = pipe();
read(forEver, 1);
