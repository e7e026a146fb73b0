// Signals of the front (design section 1): which one means which verb. Knows nothing of what the verbs do.

import { closeSync, openSync } from "node:fs";

export interface SignalVerbs {
  /** SIGTERM, SIGINT: finish what runs, then end. */
  drain(signal: string): void;
  /** The second SIGTERM or SIGINT, or SIGQUIT: end now. `what` is for the log. */
  stopNow(what: string): void;
  /** SIGHUP. */
  reload(): void;
  /** SIGTTIN, SIGTTOU: one worker more, one less. */
  changeWorkers(by: 1 | -1): void;
  /** SIGUSR1. */
  reopenLogs(): void;
  /** SIGUSR2. */
  dumpStacks(): void;
}

/** Process managers send SIGTERM to the whole group and again to the process: what comes this soon is the same wish. */
const SAME_WISH_MS = 500;

/** `isNohup`: the server outlives its terminal. */
export function handleSignals(isNohup: boolean, verbs: SignalVerbs): void {
  let firstStopAt: number | undefined;
  const hadTerminal = !isNohup && hasTerminal();
  const stop = (signal: string): void => {
    const now = performance.now();
    if (firstStopAt === undefined) {
      firstStopAt = now;
      verbs.drain(signal);
    } else if (now - firstStopAt >= SAME_WISH_MS) verbs.stopNow(`${signal} again`);
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  // Its default ends processes without a word. All of them may get it at once, and then nobody would remove the private directory.
  process.on("SIGQUIT", (signal) => {
    verbs.stopNow(signal);
  });
  process.on("SIGHUP", (signal) => {
    // A closed terminal sends SIGHUP too: then nobody is there to want a reload.
    if (hadTerminal && !hasTerminal()) stop(signal);
    else verbs.reload();
  });
  process.on("SIGTTIN", () => {
    verbs.changeWorkers(1);
  });
  process.on("SIGTTOU", () => {
    verbs.changeWorkers(-1);
  });
  process.on("SIGUSR1", () => {
    verbs.reopenLogs();
  });
  process.on("SIGUSR2", () => {
    verbs.dumpStacks();
  });
}

function hasTerminal(): boolean {
  try {
    closeSync(openSync("/dev/tty", "r"));
    return true;
  } catch {
    return false; // ENXIO: no controlling terminal.
  }
}
