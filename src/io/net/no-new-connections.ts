// Has the kernel take no new connection for a listening socket while it keeps those that wait: a short-lived Python does it, since Node
// has no call for it (python/src/rickhouse/no_new_connections.py says how). Linux; elsewhere nothing is done.

import { pythonFile } from "../../package-files.ts";
import { startHelper } from "../start-helper.ts";

const SCRIPT = pythonFile("no_new_connections.py");
/** A start of Python takes some 20 ms; on a machine without a moment to spare the end does not wait for ever. */
const MAX_MS = 2000;

/** False if the kernel still takes them: this is no Linux, no process could be started, or it took too long. */
export function refuseNewConnections(
  descriptor: number | undefined,
  python: string,
): Promise<boolean> {
  if (process.platform !== "linux" || descriptor === undefined) return Promise.resolve(false);
  return new Promise((resolve) => {
    const helper = startHelper(python, ["-I", "-S", SCRIPT], {
      stdio: ["ignore", "ignore", "ignore", descriptor],
    });
    if (helper === undefined) {
      resolve(false);
      return;
    }
    const timer = setTimeout(() => helper.kill("SIGKILL"), MAX_MS);
    const end = (isDone: boolean): void => {
      clearTimeout(timer);
      resolve(isDone);
    };
    helper.on("error", () => {
      end(false);
    });
    helper.on("exit", (code) => {
      end(code === 0);
    });
  });
}
