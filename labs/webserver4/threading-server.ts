// class ThreadingWSGIServer: processRequest overridden, a thread for each connection. A thread of Node is a worker: an event loop and a
// heap of its own, so it gets the descriptor, which all threads of a process share, and opens the application once more.

import { Worker } from "node:worker_threads";
import type { Address } from "../posix/sockets.ts";
import { WSGIServer } from "./wsgi-server.ts";
import type { Application, Environ } from "../wsgi/application.ts";

/** What a thread gets: see thread.ts, which is all that it runs. */
export interface ThreadTask {
  readonly connection: number;
  readonly client: Address;
  readonly baseEnviron: Environ;
  readonly located: string;
}

export class ThreadingWSGIServer extends WSGIServer {
  readonly #located: string;

  constructor(port: number, application: Application, located: string) {
    super(port, application);
    this.#located = located;
  }

  override get baseEnviron(): Environ {
    return { ...super.baseEnviron, "wsgi.multithread": true };
  }

  /** The thread closes: a descriptor is one for the whole process, there is no copy as after fork. */
  protected override processRequest(connection: number, client: Address): void {
    const task: ThreadTask = {
      connection,
      client,
      baseEnviron: this.baseEnviron,
      located: this.#located,
    };
    new Worker(new URL("thread.ts", import.meta.url), { workerData: task }).unref();
  }
}
