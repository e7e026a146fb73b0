// class HttpForkServer: an HttpServer that serves each connection in a child of its own, and cleans up after its children.

import { exit, fork, waitpid, WNOHANG } from "../posix/processes.ts";
import { onSignal } from "../posix/signals.ts";
import { close } from "../posix/sockets.ts";
import { isSystemError } from "../posix/system-error.ts";
import { type Callback, HttpServer } from "./http-server.ts";

export class HttpForkServer extends HttpServer {
  constructor(port: number, callback: Callback) {
    super(port, callback);
    onSignal("SIGCHLD", cleanUp);
  }

  protected override serveConnection(connection: number): void {
    if (fork() > 0) return close(connection);
    close(this.listener);
    super.serveConnection(connection);
    return exit(0);
  }
}

function cleanUp(): void {
  try {
    while (waitpid(-1, WNOHANG).pid > 0);
  } catch (error) {
    if (!isSystemError(error, "ECHILD")) throw error;
  }
}
