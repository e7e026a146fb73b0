// webserver3g: the final server. One signal means "look at all": the handler waits without sleeping until no ended child is left.

import { exit, fork, waitpid, WNOHANG } from "./posix/processes.ts";
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
  try {
    while (waitpid(-1, WNOHANG).pid > 0); // any child, and do not sleep: 0 means that the others still run
  } catch (error) {
    if (!isSystemError(error, "ECHILD")) throw error; // no children left
  }
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
