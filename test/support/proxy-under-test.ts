// A real proxy in front of servers under test: HAProxy or nginx as the system's package installs them, run in the foreground.

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createServer } from "node:net";
import { waitFor } from "./server.ts";

/** Why tests with this program are skipped; false when it is there. */
export function missing(program: string): string | false {
  const found = spawnSync(program, ["-v"]).error === undefined;
  return found ? false : `${program} is not installed (apt-get install ${program})`;
}

/** A port that is free now. It may be taken before it is used, as any; programs that cannot take port 0 leave no other way. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
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
