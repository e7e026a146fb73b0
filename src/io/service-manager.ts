// What the server tells its service manager (sd_notify(3)): ready, reloading, stopping, a line of status, signs of life. Its socket is
// one for datagrams, which Node cannot open: a zygote sends, or a short-lived Python where none listens (during its import).

import type { ServiceManagerPlace } from "../config/service-manager.ts";
import { pythonFile } from "../package-files.ts";
import { startHelper } from "./start-helper.ts";

const NOTIFY_SCRIPT = pythonFile("notify.py");

export interface ServiceManagerOptions {
  /** Undefined: there is none, and nothing is said. */
  readonly place: ServiceManagerPlace | undefined;
  readonly python: string;
  /** False when no zygote listens. */
  sendByZygote(address: string, state: string): boolean;
}

export class ServiceManager {
  readonly #options: ServiceManagerOptions;
  #isReloading = false;
  #watchdog: NodeJS.Timeout | undefined;

  constructor(options: ServiceManagerOptions) {
    this.#options = options;
  }

  /** The first worker can serve. From here on there are signs of life: this process's own, so they stop when its event loop does. */
  ready(status: string): void {
    this.#say(["READY=1", `MAINPID=${process.pid}`, statusLine(status)]);
    const watchdogMs = this.#options.place?.watchdogMs ?? 0;
    if (watchdogMs === 0) return;
    this.#watchdog = setInterval(() => {
      this.#say(["WATCHDOG=1"]);
    }, watchdogMs / 2);
  }

  reloading(): void {
    this.#isReloading = true;
    // As Type=notify-reload wants it: CLOCK_MONOTONIC, which is what hrtime reads.
    const microseconds = process.hrtime.bigint() / 1000n;
    this.#say(["RELOADING=1", `MONOTONIC_USEC=${microseconds}`, statusLine("reloading")]);
  }

  /** A reload is over, whether its code serves or the old one still does. */
  reloaded(status: string): void {
    if (!this.#isReloading) return;
    this.#isReloading = false;
    this.#say(["READY=1", statusLine(status)]);
  }

  stopping(status: string): void {
    this.#isReloading = false;
    this.#say(["STOPPING=1", statusLine(status)]);
  }

  status(text: string): void {
    this.#say([statusLine(text)]);
  }

  close(): void {
    clearInterval(this.#watchdog);
  }

  #say(lines: readonly string[]): void {
    const { place, python } = this.#options;
    if (place === undefined) return;
    const state = lines.join("\n");
    if (this.#options.sendByZygote(place.address, state)) return;
    const args = ["-I", "-S", NOTIFY_SCRIPT, place.address, state];
    const sender = startHelper(python, args, { stdio: "ignore" });
    sender?.on("error", () => {}); // No process can be started: the service manager sees the silence.
    sender?.unref();
  }
}

function statusLine(text: string): string {
  return `STATUS=${text.replaceAll("\n", " ")}`;
}
