// webserver3c to webserver3g where fork is refused: accept as there, then a new process for each request by child_process, which gets
// the connection as its descriptor 3. A new Node takes some 40 ms where fork takes 5; descriptors and zombies are the same. The event
// loop of this process never runs, so nobody but us waits for the children.

import { spawn } from "node:child_process";
import { join } from "node:path";
import { waitpid, WNOHANG } from "../posix/processes.ts";
import { onSignal } from "../posix/signals.ts";
import { accept, close, localAddress, openListener } from "../posix/sockets.ts";
import { isSystemError } from "../posix/system-error.ts";
import { PORT, print, sleepSeconds } from "../settings.ts";

interface Behaviour {
  readonly sleep: number;
  /** Whether the parent closes its copy of the connection. */
  readonly closes: boolean;
  /** On SIGCHLD: nothing, wait for one child, or for all that have ended. */
  readonly reaps: "nobody" | "one" | "all";
  /** Whether accept is called again after EINTR. */
  readonly restarts: boolean;
}

const BEHAVIOURS: Readonly<Record<string, Behaviour>> = {
  webserver3c: { sleep: 60, closes: true, reaps: "nobody", restarts: true },
  webserver3d: { sleep: 0, closes: false, reaps: "nobody", restarts: true },
  webserver3e: { sleep: 3, closes: true, reaps: "one", restarts: false },
  webserver3f: { sleep: 0, closes: true, reaps: "one", restarts: true },
  webserver3g: { sleep: 0, closes: true, reaps: "all", restarts: true },
  forkserver: { sleep: 0, closes: true, reaps: "all", restarts: true },
};
const CHILD = join(import.meta.dirname, "server-child.ts");
/** The signal handler is machine code for this one. */
const HAS_SIGNALS = process.platform === "linux" && process.arch === "x64";

const behaviour = BEHAVIOURS[process.argv[1] ?? ""];
if (behaviour === undefined) throw new Error("no such lab");
const { closes, reaps, restarts } = behaviour;
const SLEEP = sleepSeconds(behaviour.sleep);

const listener = openListener(PORT, 1024);
print(`Serving HTTP on port ${localAddress(listener).port} ...`);

for (;;) {
  const connection = acceptConnection();
  if (connection === undefined) continue;
  spawn(process.execPath, ["--disable-warning=ExperimentalWarning", CHILD], {
    stdio: ["ignore", "inherit", "inherit", connection],
    env: { ...process.env, SLEEP: String(SLEEP) },
  });
  // child_process has installed a handler of its own: after it, ours.
  if (HAS_SIGNALS && reaps !== "nobody") onSignal("SIGCHLD", reap);
  if (closes) close(connection);
}

function acceptConnection(): number | undefined {
  try {
    if (!HAS_SIGNALS && reaps !== "nobody") reap(); // no handler: at least before each client
    return accept(listener).connection;
  } catch (error) {
    if (restarts && isSystemError(error, "EINTR")) return undefined;
    throw error;
  }
}

function reap(): void {
  try {
    for (;;) if (waitpid(-1, WNOHANG).pid === 0 || reaps === "one") return;
  } catch (error) {
    if (!isSystemError(error, "ECHILD")) throw error;
  }
}
