// The servers that are compared and the applications that they run: how each is started, and one running server.
// Every server gets two workers, the same interpreter and its own defaults otherwise.

import { type ChildProcess, spawn } from "node:child_process";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { endTree, killTree } from "./process-tree.ts";

const ROOT = join(import.meta.dirname, "..");
const APPS = join(import.meta.dirname, "apps");
export const WORKERS = 2;
const EXPECTED = "Hello, World!\n";
const START_MS = 20_000;
const STOP_MS = 10_000;
const POLL_MS = 50;
const MAX_OUTPUT_CHARACTERS = 4000;

export interface Workload {
  readonly name: string;
  /** In bench/apps, with a callable `app`. */
  readonly module: string;
  readonly path: string;
}

export const WORKLOADS: readonly Workload[] = [
  { name: "hello", module: "hello", path: "/" },
  { name: "flask", module: "flask_hello", path: "/hello" },
];

export interface Server {
  readonly name: string;
  /** With {port}, {module}, {workers}, {python}, {bin} (its directory) and {root} (the checkout); run in bench/apps. */
  readonly command: string;
}

const GRANIAN = "{bin}/granian --interface wsgi --host 127.0.0.1 --port {port} --workers {workers}";
const GUNICORN = "{bin}/gunicorn --bind 127.0.0.1:{port} --workers {workers}";

/** The ratios of the table are to the better of those whose name starts with this. */
export const REFERENCE = "granian";

export const SERVERS: readonly Server[] = [
  {
    name: "rickhouse",
    command:
      "{root}/bin/rickhouse --bind 127.0.0.1:{port} --workers {workers} --access-log off --python {python} {module}:app",
  },
  { name: "granian", command: `${GRANIAN} {module}:app` },
  { name: "granian, 4 threads", command: `${GRANIAN} --blocking-threads 4 {module}:app` },
  { name: "gunicorn sync", command: `${GUNICORN} {module}:app` },
  {
    name: "gunicorn gthread",
    command: `${GUNICORN} --worker-class gthread --threads 4 {module}:app`,
  },
];

/** The peers again, under the scheduling policy that rickhouse chooses for its front when it is busy. */
export const BATCH_SERVERS: readonly Server[] = SERVERS.filter(({ name }) =>
  name.startsWith(REFERENCE),
).map(({ name, command }) => ({ name: `${name}, batch`, command: `chrt --batch 0 ${command}` }));

/** What has to end with the benchmark, however it ends. */
const alive = new Set<RunningServer>();

export function killRunningServers(): void {
  for (const server of alive) server.kill();
}

export class RunningServer implements AsyncDisposable {
  readonly url: string;
  readonly #child: ChildProcess;
  #output = "";

  private constructor(child: ChildProcess, url: string) {
    this.url = url;
    this.#child = child;
    alive.add(this);
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.#output = (this.#output + text).slice(-MAX_OUTPUT_CHARACTERS);
      });
    }
  }

  /** Starts a server on a free port; resolves once it gives the expected answer. */
  static async start(server: Server, workload: Workload, python: string): Promise<RunningServer> {
    const port = await freePort();
    const values: Record<string, string> = {
      port: String(port),
      module: workload.module,
      workers: String(WORKERS),
      python,
      bin: join(python, ".."),
      root: ROOT,
    };
    const command = server.command.replaceAll(/\{(\w+)\}/g, (text, key: string) => {
      return values[key] ?? text;
    });
    const child = spawn("/bin/sh", ["-c", `exec ${command}`], {
      cwd: APPS,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const running = new RunningServer(child, `http://127.0.0.1:${port}${workload.path}`);
    try {
      await running.#untilReady();
    } catch (error) {
      await running[Symbol.asyncDispose]();
      throw error;
    }
    return running;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  async #untilReady(): Promise<void> {
    const deadline = performance.now() + START_MS;
    while (performance.now() < deadline) {
      if (this.#hasEnded()) break;
      try {
        const answer = await fetch(this.url, { signal: AbortSignal.timeout(1000) });
        const text = await answer.text();
        if (answer.status === 200 && text === EXPECTED) return;
      } catch {
        // Not listening yet.
      }
      await sleep(POLL_MS);
    }
    throw new Error(`it does not answer at ${this.url}\n${this.#output.trim()}`);
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

async function freePort(): Promise<number> {
  const listener = createServer();
  await new Promise<void>((resolve) => {
    listener.listen(0, "127.0.0.1", resolve);
  });
  const address = listener.address();
  await new Promise((resolve) => {
    listener.close(resolve);
  });
  if (address === null || typeof address === "string") throw new Error("no port for a server");
  return address.port;
}
