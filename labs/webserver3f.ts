// webserver3f: accept is called again after EINTR. One client after the other leaves nothing behind; but signals are not queued, and of
// many children that end at once some are never waited for.

import { exit, fork, wait } from "./posix/processes.ts";
import { onSignal } from "./posix/signals.ts";
import {
  accept,
  type Accepted,
  close,
  localAddress,
  openListener,
  read,
  writeAll,
} from "./posix/sockets.ts";
import { isSystemError } from "./posix/system-error.ts";
import { PORT, print } from "./settings.ts";

const BACKLOG = 1024;
const RESPONSE = "HTTP/1.1 200 OK\r\n\r\nHello, World!\n";

const listener = openListener(PORT, BACKLOG);
print(`Serving HTTP on port ${localAddress(listener).port} ...`);

onSignal("SIGCHLD", () => {
  wait(); // one child for one signal: wrong, two deaths may be one signal
});

for (;;) {
  const accepted = acceptUnlessInterrupted();
  if (accepted === undefined) continue;
  const { connection } = accepted;
  const pid = fork();
  if (pid === 0) {
    close(listener);
    handleRequest(connection);
    close(connection);
    exit(0);
  }
  close(connection);
}

function acceptUnlessInterrupted(): Accepted | undefined {
  try {
    return accept(listener);
  } catch (error) {
    if (isSystemError(error, "EINTR")) return undefined; // a child has ended: accept again
    throw error;
  }
}

function handleRequest(connection: number): void {
  read(connection, 1024);
  writeAll(connection, RESPONSE);
}
