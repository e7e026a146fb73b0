// A real proxy in front of servers under test: HAProxy or nginx as the system's package installs them, run in the foreground.

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { waitFor } from "./server.ts";

/** Why tests with this program are skipped; false when it is there. */
export function missing(program: string): string | false {
  const found = spawnSync(program, ["-v"]).error === undefined;
  return found ? false : `${program} is not installed (apt-get install ${program})`;
}

export class ProxyUnderTest implements AsyncDisposable {
  readonly #process: ChildProcess;
  #output = "";

  constructor(program: string, args: readonly string[]) {
    this.#process = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.on("data", (chunk: Buffer) => {
        this.#output += chunk.toString();
      });
    }
  }

  /** Resolves when `condition` holds; throws when the proxy ends before. */
  async ready(condition: () => Promise<boolean>): Promise<void> {
    await waitFor(`the proxy: ${this.#output}`, () => {
      if (this.#process.exitCode !== null) throw new Error(`the proxy ended: ${this.#output}`);
      return condition();
    });
  }

  get output(): string {
    return this.#output;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    this.#process.kill("SIGTERM");
    await waitFor("the proxy's end", () => {
      return this.#process.exitCode !== null || this.#process.signalCode !== null;
    });
  }
}
