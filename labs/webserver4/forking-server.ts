// class ForkingWSGIServer: processRequest overridden, a child for each connection. What webserver3g does, in one method and a half.

import { exit, fork, waitpid, WNOHANG } from "../posix/processes.ts";
import { type Address, close } from "../posix/sockets.ts";
import { makeForkable } from "../posix/v8-fork.ts";
import type { Application } from "../wsgi/application.ts";
import { WSGIServer } from "./wsgi-server.ts";

export class ForkingWSGIServer extends WSGIServer {
  readonly #children = new Set<number>();

  constructor(port: number, application: Application) {
    makeForkable(); // throws ForkRefused now, and not at the first client
    super(port, application);
  }

  protected override processRequest(connection: number, client: Address): void {
    const pid = fork();
    if (pid > 0) {
      this.#children.add(pid);
      this.closeRequest(connection);
      return;
    }
    close(this.listener);
    this.finishRequest(connection, client);
    exit(0);
  }

  /** No SIGCHLD here: the loop looks up twice a second anyway, so a zombie lives half a second. */
  protected override serviceActions(): void {
    for (const child of this.#children)
      if (waitpid(child, WNOHANG).pid === child) this.#children.delete(child);
  }
}
