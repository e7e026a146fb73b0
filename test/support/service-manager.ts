// A service manager with socket activation (service_manager.py): passes listening sockets to the server, and keeps them while it restarts.

import { type ChildProcess, spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { isAlive } from "./processes.ts";
import { ROOT, waitFor } from "./server.ts";

const SCRIPT = join(ROOT, "test/support/service_manager.py");

/** What starts a server on these sockets (`tcp`, `tcp6` or a path), for ServerUnderTest. */
export function socketActivation(...sockets: readonly string[]): readonly string[] {
  return ["python3", SCRIPT, ...sockets, "--"];
}

/** Holds the sockets; starts and ends servers on them. */
export class ServiceManager implements AsyncDisposable {
  readonly #process: ChildProcess;
  readonly #directory: string;
  #lines: string[] = [];
  #errors = "";
  /** The newest server. */
  #pid = 0;

  constructor(directory: string, sockets: readonly string[], args: readonly string[]) {
    this.#directory = directory;
    const command = [join(ROOT, "bin/rickhouse"), ...args];
    this.#process = spawn("python3", [SCRIPT, "--keep", ...sockets, "--", ...command], {
      env: { ...process.env, TMPDIR: directory },
      stdio: ["pipe", "pipe", "pipe"],
    });
    let text = "";
    this.#process.stdout?.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      this.#lines = text.split("\n").slice(0, -1);
    });
    this.#process.stderr?.on("data", (chunk: Buffer) => {
      this.#errors += chunk.toString();
    });
  }

  /** Of the TCP sockets, in their order. */
  get ports(): readonly number[] {
    const line = this.#lines.find((each) => each.startsWith("listening")) ?? "";
    return line.split(" ").slice(1).map(Number);
  }

  async listening(): Promise<void> {
    await waitFor("the sockets", () => this.#lines.some((line) => line.startsWith("listening")));
  }

  /** Resolves when its workers are ready. */
  async start(): Promise<void> {
    const banners = this.#banners;
    await this.#launch();
    await waitFor(`the banner in ${this.#errors}`, () => this.#banners > banners);
  }

  /** Starts a server while the one before it ends. Resolves when the old one has ended, with status 0, and the new one is ready. */
  async restart(): Promise<void> {
    const old = this.#pid;
    const banners = this.#banners;
    this.#tell(`stop ${old}`);
    await this.#launch();
    const ended = (line: string): boolean => line.startsWith(`ended ${old} `);
    await waitFor(`the end of ${old} in ${this.#errors}`, () => this.#lines.some(ended), 35_000);
    if (!this.#lines.includes(`ended ${old} 0`)) throw new Error(this.#lines.join("\n"));
    await waitFor(`the banner in ${this.#errors}`, () => this.#banners > banners);
  }

  async #launch(): Promise<void> {
    const started = this.#started.length;
    this.#tell("start");
    await waitFor("a process", () => this.#started.length > started);
    this.#pid = this.#started.at(-1) ?? 0;
  }

  get #started(): number[] {
    return this.#lines
      .filter((line) => line.startsWith("started "))
      .map((line) => Number(line.slice("started ".length)));
  }

  get #banners(): number {
    return this.#errors.split(" serving ").length;
  }

  #tell(line: string): void {
    this.#process.stdin?.write(`${line}\n`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const pids = this.#started;
    for (const pid of pids) if (isAlive(pid)) process.kill(pid, "SIGTERM");
    await waitFor(`the end of ${pids.join(" ")}`, () => !pids.some(isAlive), 35_000);
    this.#process.stdin?.end();
    await waitFor("the end of the service manager", () => this.#process.exitCode !== null);
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
