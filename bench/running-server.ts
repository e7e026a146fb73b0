// One server of the benchmark while it runs: started on a free port, ended with everything below it.

import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../test/support/free-ports.ts";
import { endTree, killTree } from "./process-tree.ts";
import type { Server } from "./servers.ts";
import type { Workload } from "./workloads.ts";

const APPS = join(import.meta.dirname, "apps");
export const WORKERS = 2;
const ANSWER_MS = 20_000;
const STOP_MS = 5_000;
const POLL_MS = 5;
const MAX_OUTPUT_CHARACTERS = 4000;

/** What has to end with the benchmark, however it ends. */
const alive = new Set<RunningServer>();

export function killRunningServers(): void {
  for (const server of alive) server.kill();
}

export interface Places {
  /** The interpreter of all servers. */
  readonly python: string;
  /** Of the package. */
  readonly root: string;
}

export class RunningServer implements AsyncDisposable {
  readonly origin: string;
  /** From the start of its process to its first answer. */
  startMs = 0;
  readonly #child: ChildProcess;
  #output = "";

  private constructor(child: ChildProcess, origin: string) {
    this.origin = origin;
    this.#child = child;
    alive.add(this);
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#output = (this.#output + text).slice(-MAX_OUTPUT_CHARACTERS);
    });
  }

  /** Starts a server on a free port; resolves once it gives a good answer. */
  static async start(
    server: Server,
    workload: Workload,
    { python, root }: Places,
  ): Promise<RunningServer> {
    const port = await freePort();
    const values: Record<string, string> = {
      port: String(port),
      module: workload.module,
      workers: String(workload.workers ?? WORKERS),
      python,
      bin: join(python, ".."),
      root,
    };
    const command = server.command.replaceAll(/\{(\w+)\}/g, (text, key: string) => {
      return values[key] ?? text;
    });
    const begunAt = performance.now();
    const child = spawn("/bin/sh", ["-c", `exec ${command}`], {
      cwd: APPS,
      // A log of requests, where one is on by default, is written and not read.
      stdio: ["ignore", "ignore", "pipe"],
    });
    const running = new RunningServer(child, `http://127.0.0.1:${port}`);
    try {
      await running.untilAnswered(workload.path === "/down" ? "/" : workload.path);
    } catch (error) {
      await running[Symbol.asyncDispose]();
      throw error;
    }
    running.startMs = performance.now() - begunAt;
    return running;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Resolves once it gives a good answer; throws when it does not in time. */
  async untilAnswered(path: string): Promise<void> {
    const deadline = performance.now() + ANSWER_MS;
    while (performance.now() < deadline) {
      if (this.#hasEnded()) break;
      try {
        const answer = await fetch(this.origin + path, { signal: AbortSignal.timeout(1000) });
        const text = await answer.text();
        if (answer.status === 200 && text.includes("Hello, World!")) return;
      } catch {
        // Not listening yet.
      }
      await sleep(POLL_MS);
    }
    throw new Error(`it does not answer at ${this.origin}${path}\n${this.#output.trim()}`);
  }

  #hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  kill(): void {
    if (!this.#hasEnded()) killTree(this.pid);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#hasEnded()) await endTree(this.pid, STOP_MS);
    alive.delete(this);
  }
}
