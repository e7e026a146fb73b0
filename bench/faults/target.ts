// One contender while a fault is put to it: started on a free port, seen from outside, ended with everything that it started.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../../test/support/free-ports.ts";
import { childrenOf, isAlive, openDescriptors, zombiesOf } from "../../test/support/processes.ts";
import { rawRequest } from "../../test/support/raw-client.ts";
import { message } from "../../test/support/requests.ts";
import type { Contender } from "./contenders.ts";

const ROOT = join(import.meta.dirname, "../..");
const START_MS = 15_000;
const STOP_MS = 5000;
const POLL_MS = 20;
const ASK_MS = 1000;

export interface StartOptions {
  /** For `ulimit -n`. */
  readonly descriptors?: number;
  /** With the options that end what hangs. */
  readonly endsHangs?: boolean;
  /** What the application's file `version` says; `broken` does not import. */
  readonly version?: string;
  /** Resolves without waiting for an answer. */
  readonly isUnready?: boolean;
}

/** What has to end with the kit, however it ends. */
const alive = new Set<Target>();

export function killTargets(): void {
  for (const target of alive) target.kill();
}

export class Target implements AsyncDisposable {
  readonly contender: Contender;
  readonly port: number;
  readonly directory: string;
  readonly #child: ChildProcess;
  /** Every process that was ever seen below it: orphans of the server have no parent that tells. */
  readonly #seen = new Set<number>();

  private constructor(contender: Contender, port: number, directory: string, child: ChildProcess) {
    this.contender = contender;
    this.port = port;
    this.directory = directory;
    this.#child = child;
    alive.add(this);
  }

  static async start(
    contender: Contender,
    python: string,
    options: StartOptions = {},
  ): Promise<Target> {
    const port = await freePort();
    const directory = mkdtempSync(join(tmpdir(), "rickhouse-faults-"));
    if (options.version !== undefined) writeFileSync(join(directory, "version"), options.version);
    const values: Record<string, string> = {
      port: String(port),
      python,
      bin: join(python, ".."),
      root: ROOT,
    };
    const [program = "", ...rest] = contender.command
      .replaceAll(/\{(\w+)\}/g, (text, key: string) => values[key] ?? text)
      .split(" ");
    const more = options.endsHangs === true ? (contender.hangOptions ?? "") : "";
    const limit = options.descriptors === undefined ? "" : `ulimit -n ${options.descriptors}; `;
    const command = `${limit}exec ${program} ${more} ${rest.join(" ")}`;
    const child = spawn("/bin/sh", ["-c", command], {
      cwd: import.meta.dirname,
      env: { ...process.env, FAULTS_DIR: directory, TMPDIR: directory },
      stdio: "ignore",
      detached: true,
    });
    const target = new Target(contender, port, directory, child);
    if (options.isUnready === true) return target;
    if ((await target.untilAnswer(START_MS)) === undefined) {
      await target[Symbol.asyncDispose]();
      throw new Error(`it does not start: ${command}`);
    }
    return target;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  get exitCode(): number | null {
    return this.#child.exitCode;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Its living processes, itself first. */
  tree(): number[] {
    const found = [this.pid];
    for (let at = 0; at < found.length; at++) found.push(...childrenOf(found[at] ?? 0));
    for (const pid of found) this.#seen.add(pid);
    return found.filter(isAlive);
  }

  /** Of all processes ever seen, those that live. */
  leftOver(): number[] {
    return [...this.#seen].filter(isAlive);
  }

  zombies(): number {
    return this.tree().reduce((sum, pid) => sum + zombiesOf(pid).length, 0);
  }

  descriptors(): number {
    return this.tree().reduce((sum, pid) => sum + descriptorsOf(pid), 0);
  }

  /** Lines that the application has noted under this name. */
  notes(name: string): string[] {
    try {
      return readFileSync(join(this.directory, name), "latin1").split("\n").slice(0, -1);
    } catch {
      return [];
    }
  }

  setVersion(version: string): void {
    writeFileSync(join(this.directory, "version"), version);
  }

  /** The text at `path`, undefined when there is no answer within a second. */
  async ask(path = "/", deadlineMs = ASK_MS): Promise<string | undefined> {
    try {
      const ended = sleep(deadlineMs, undefined, { ref: false });
      const answer = await Promise.race([rawRequest(this.port, message("GET", path)), ended]);
      return answer?.status === 200 ? answer.body.toString("latin1") : undefined;
    } catch {
      return undefined;
    }
  }

  /** Milliseconds until it gave a good answer; undefined when there was none in time. */
  async untilAnswer(deadlineMs: number): Promise<number | undefined> {
    const begunAt = performance.now();
    while (performance.now() - begunAt < deadlineMs && !this.hasEnded) {
      if ((await this.ask()) !== undefined) return performance.now() - begunAt;
      await sleep(POLL_MS);
    }
    return undefined;
  }

  kill(): void {
    this.tree();
    for (const pid of this.leftOver()) kill(pid);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.tree();
    if (!this.hasEnded) {
      this.signal("SIGTERM");
      await holds(() => this.leftOver().length === 0, STOP_MS);
    }
    this.kill();
    alive.delete(this);
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Whether it becomes true within this time. */
export async function holds(condition: () => boolean, deadlineMs: number): Promise<boolean> {
  const endAt = performance.now() + deadlineMs;
  while (!condition()) {
    if (performance.now() > endAt) return false;
    await sleep(POLL_MS);
  }
  return true;
}

function descriptorsOf(pid: number): number {
  try {
    return openDescriptors(pid);
  } catch {
    return 0; // It ended since it was found.
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended meanwhile.
  }
}
