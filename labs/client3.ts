// client3: many clients at once. Forks --max-clients processes; each opens --max-conns connections, sends a request on each and keeps
// them open until this process is ended (Ctrl-C).

import { parseArgs } from "node:util";
import { exit, fork, wait } from "./posix/processes.ts";
import { close, connect, pipe, read, socket, writeAll } from "./posix/sockets.ts";
import { isSystemError } from "./posix/system-error.ts";
import { PORT, print } from "./settings.ts";

const { values } = parseArgs({
  options: {
    "max-clients": { type: "string", default: "1" },
    "max-conns": { type: "string", default: "1024" },
  },
});
const maxClients = Number(values["max-clients"]);
const maxConnections = Number(values["max-conns"]);

// Nobody writes to this pipe. A child that reads from it sleeps until the last writing end is closed: until the parent is gone.
const [lifeline, lifelineOfParent] = pipe();

for (let client = 0; client < maxClients; client++) {
  if (fork() > 0) continue;
  close(lifelineOfParent);
  const isServed = openConnections();
  if (isServed) read(lifeline, 1);
  exit(isServed ? 0 : 1);
}
print(`${maxClients} clients started, ${maxConnections} connections each; Ctrl-C ends them`);

let refused = 0;
for (let ended = 0; ended < maxClients; ended++) if (wait().status !== 0) refused++;
print(`the server has refused ${refused} clients`);
exit(1);

function openConnections(): boolean {
  try {
    for (let count = 0; count < maxConnections; count++) {
      const connection = socket();
      connect(connection, { host: "127.0.0.1", port: PORT });
      writeAll(connection, "GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n");
    }
    return true;
  } catch (error) {
    if (isSystemError(error, "ECONNREFUSED", "ECONNRESET", "EPIPE")) return false;
    throw error;
  }
}
