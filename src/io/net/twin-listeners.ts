// More than one accept in a turn of the event loop. Libuv takes one connection from a listening socket each time it finds that some wait, so
// while a turn takes long, many wait for many turns. A socket that is known by several descriptors is found several times. Node cannot
// duplicate a descriptor: a short-lived Python does it (python/src/rickhouse/twin_listeners.py), once connections come so fast that it pays.

import type { ChildProcess } from "node:child_process";
import type { Server } from "node:net";
import { pythonFile } from "../../package-files.ts";
import { startHelper } from "../start-helper.ts";
import { descriptorOf } from "./node-handle.ts";

const SCRIPT = pythonFile("twin_listeners.py");
/** A single connection costs as many system calls that find nothing, some 0.3 µs each. */
export const TWINS = 7;
/** So many within a second, for the second time, are worth the start of a process: few, so that the twins are there before most storms. */
const MANY_CONNECTIONS = 25;
const SECOND_MS = 1000;
const MAX_MS = 10_000;

/** A handle of Node's, as `Server.listen` takes it. */
interface Handle {
  close(): void;
}

export class TwinListeners {
  readonly #server: Server;
  readonly #python: string;
  readonly #makeServer: () => Server;
  readonly #twins: Server[] = [];
  #since = -Infinity;
  #connections = 0;
  #helper: ChildProcess | undefined;
  #isOver = false;

  /** `makeServer`: like `server`, and not listening. */
  constructor(server: Server, python: string, makeServer: () => Server) {
    this.#server = server;
    this.#python = python;
    this.#makeServer = makeServer;
  }

  /** A connection came. */
  count(): void {
    if (this.#isOver || this.#helper !== undefined) return;
    this.#connections++;
    if (this.#connections < MANY_CONNECTIONS) return;
    const now = performance.now();
    if (now - this.#since < SECOND_MS) this.#start();
    this.#since = now;
    this.#connections = 0;
  }

  /** The server itself listens on, and what waits waits for it. */
  close(): void {
    this.#isOver = true;
    this.#helper?.kill("SIGKILL");
    for (const twin of this.#twins) twin.close();
  }

  #start(): void {
    const descriptor = descriptorOf(this.#server);
    if (descriptor === undefined) return;
    const helper = startHelper(this.#python, ["-I", "-S", SCRIPT, String(TWINS)], {
      stdio: ["ignore", "ignore", "ignore", "ipc", descriptor],
    });
    if (helper === undefined) {
      this.#isOver = true;
      return;
    }
    this.#helper = helper;
    const timer = setTimeout(() => helper.kill("SIGKILL"), MAX_MS);
    // Without twins the server does as before.
    helper.on("error", () => {});
    helper.on("exit", () => {
      clearTimeout(timer);
    });
    helper.on("message", (_, handle) => {
      if (isHandle(handle)) this.#listen(handle);
    });
  }

  #listen(handle: Handle): void {
    if (this.#isOver) {
      handle.close();
      return;
    }
    this.#twins.push(this.#makeServer().listen(handle));
  }
}

function isHandle(handle: unknown): handle is Handle {
  return (
    typeof handle === "object" &&
    handle !== null &&
    "close" in handle &&
    typeof handle.close === "function"
  );
}
