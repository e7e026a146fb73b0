// One zygote process: spawns the Python interpreter, which waits until it is told what to load, speaks JSON lines with it on descriptor 3,
// tells what it reports. Knows processes and sockets; what a report means is decided by the pool.

import { spawn, type ChildProcess } from "node:child_process";
import { Socket } from "node:net";
import type { Config } from "../../config/options.ts";
import { pythonFile } from "../../package-files.ts";
import {
  parseReport,
  type ControlReport,
  type ControlRequest,
  type LoadRequest,
} from "./control-messages.ts";

const PYTHON_MAIN = pythonFile("__main__.py");
const MAX_LINE = 1024 * 1024;
/** From the end of the control socket to that of the process, which is killed then; or from the latter to the former. */
const LAST_WORDS_MS = 1000;

export interface ZygoteEvents {
  onReport(report: ControlReport): void;
  /** The process has ended and everything that it reported was delivered. Called once. */
  onGone(how: string): void;
}

export class Zygote {
  /** Whose it is; undefined before load(). */
  #events: ZygoteEvents | undefined;
  /** Both undefined if there are no descriptors or no memory left to start a process. */
  readonly #process: ChildProcess | undefined;
  readonly #control: Socket | undefined;
  #rest = "";
  #how = "";
  #isGone = false;
  #isListening = false;
  /** What it was started with. */
  #environment: NodeJS.ProcessEnv = {};

  /** Starts `config.python` in the front's working directory, environment and `config.env`. */
  constructor(config: Pick<Config, "python" | "env">) {
    try {
      const given = config.env.map(({ name, value }) => [name, value] as const);
      this.#environment = { ...process.env, ...Object.fromEntries(given) };
      const child = spawn(config.python, [PYTHON_MAIN], {
        env: this.#environment,
        stdio: ["ignore", "inherit", "inherit", "pipe"],
        // No session of its own, which Linux would schedule as a group of its own (docs/decisions/010): it leaves the process group.
      });
      this.#process = child;
      this.#listenToProcess(child);
      this.#control = controlOf(child);
      this.#listenToControl(this.#control);
    } catch (error) {
      this.#how = error instanceof Error ? error.message : String(error);
      this.#finish();
    }
  }

  /** Has it load the application; called once. */
  load(load: LoadRequest, events: ZygoteEvents): void {
    this.#events = events;
    // It may have been started before the front was through with its own.
    const environment: Record<string, string> = {};
    for (const [name, value] of Object.entries(process.env))
      if (value !== undefined && !(name in this.#environment)) environment[name] = value;
    this.send({ ...load, environment });
    // Before anybody was there to be told.
    if (this.#isGone) {
      process.nextTick(() => {
        events.onGone(this.#how);
      });
    }
  }

  /** It lives, as far as is known, and can be told what to load. */
  get isWaiting(): boolean {
    return this.#events === undefined && !this.#isGone && this.#control?.writable === true;
  }

  /** False when it cannot be reached any more. */
  send(request: ControlRequest): boolean {
    if (this.#control?.writable !== true) return false;
    this.#control.write(`${JSON.stringify(request)}\n`);
    return true;
  }

  /** It has imported the application and reads its control socket. */
  get isListening(): boolean {
    return this.#isListening && this.#control?.writable === true;
  }

  /** The last means: a zygote that does not end when told. Its workers live on until their channels end. */
  kill(): void {
    this.#process?.kill("SIGKILL");
  }

  #listenToProcess(child: ChildProcess): void {
    child.on("error", (error) => {
      this.#how = error.message;
      this.#finish();
    });
    child.on("exit", (code, signal) => {
      this.#how = signal === null ? `exit status ${code ?? 0}` : signal;
      this.#finishIfOver();
      // What the application's import has forked may hold the control socket open for as long as it likes.
      setTimeout(() => this.#control?.destroy(), LAST_WORDS_MS).unref();
    });
  }

  #listenToControl(control: Socket): void {
    control.setEncoding("utf8");
    control.on("data", (text: string) => {
      this.#onText(text);
    });
    control.on("error", () => {}); // A zygote that dies while we write: its exit says all that matters.
    control.on("close", () => {
      // The application closed it: nothing can be asked of this process any more, but that it says so and ends.
      if (this.#how === "") this.#endSoon();
      this.#finishIfOver();
    });
  }

  #onText(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) {
      const report = this.#parse(line);
      if (report === undefined) return;
      if (report.type === "loaded") this.#isListening = true;
      this.#events?.onReport(report);
    }
    if (this.#rest.length > MAX_LINE) this.#distrust("a message of more than 1 MiB");
  }

  #parse(line: string): ControlReport | undefined {
    try {
      return parseReport(line);
    } catch (error) {
      this.#distrust(error instanceof Error ? error.message : String(error));
      return undefined;
    }
  }

  /** The application may have written to the control socket. The zygote is lost with it, the workers and the server are not. */
  #distrust(what: string): void {
    this.#control?.removeAllListeners("data");
    this.#control?.resume();
    const text = `the control socket broke: ${what.slice(0, 300)}`;
    this.#events?.onReport({ type: "note", level: "error", text });
    this.kill();
  }

  #endSoon(): void {
    setTimeout(() => {
      if (this.#how === "") this.kill();
    }, LAST_WORDS_MS).unref();
  }

  /** Both the exit and the end of the control socket: reports may still be in the socket when the process is gone. */
  #finishIfOver(): void {
    if (this.#how !== "" && this.#control?.closed === true) this.#finish();
  }

  #finish(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#control?.destroy();
    this.#events?.onGone(this.#how);
  }
}

function controlOf(child: ChildProcess): Socket {
  // Without descriptors left (EMFILE) Node makes no streams; its "error" event tells why.
  const control = child.stdio?.[3];
  if (!(control instanceof Socket)) throw new Error("no control socket could be made");
  return control;
}
