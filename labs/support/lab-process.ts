// A lab under test: started by bin/lab as a reader would, on a free port; what it prints; its children and descriptors as /proc has
// them. A lab and everything that it forked is one process group, which ends with the test.

import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { waitFor } from "./wait-for.ts";

export const ROOT = join(import.meta.dirname, "../..");
const LAUNCHER = join(ROOT, "bin/lab");

export interface LabOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** What `ulimit -n` is set to where the lab is started. */
  readonly descriptorLimit?: number;
  /** What is run instead of bin/lab, which is then its first argument. */
  readonly through?: readonly [string, ...string[]];
}

export interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
}

export class LabProcess implements AsyncDisposable {
  readonly #process: ChildProcess;
  readonly #startMs = performance.now();
  #output = "";
  #exit: Exit | undefined;

  constructor(name: string, options: LabOptions = {}) {
    const limit =
      options.descriptorLimit === undefined ? "" : `ulimit -n ${options.descriptorLimit} && `;
    const command = [...(options.through ?? []), LAUNCHER, name, ...(options.args ?? [])];
    this.#process = spawn("/bin/sh", ["-c", `${limit}exec "$@"`, "sh", ...command], {
      cwd: options.cwd ?? ROOT,
      env: { ...process.env, PORT: "0", ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    const add = (chunk: Buffer): void => {
      this.#output += chunk.toString("latin1");
    };
    this.#process.stdout?.on("data", add);
    this.#process.stderr?.on("data", add);
    // Not "exit": the last lines may still be in the pipe.
    this.#process.on("close", (code, signal) => {
      this.#exit = { code, signal };
    });
    process.on("exit", this.#killGroup);
  }

  get pid(): number {
    const { pid } = this.#process;
    if (pid === undefined) throw new Error("the lab was not started");
    return pid;
  }

  /** stdout and stderr, as they came. */
  get output(): string {
    return this.#output;
  }

  get hasEnded(): boolean {
    return this.#exit !== undefined;
  }

  /** Of the banner. */
  get port(): number {
    const found = /Serving HTTP on port (\d+)/.exec(this.#output)?.[1];
    if (found === undefined) throw new Error(`no port in: ${this.#output}`);
    return Number(found);
  }

  /** Resolves with the match once the output has it. */
  async printed(pattern: RegExp, deadlineMs?: number): Promise<RegExpExecArray> {
    const look = (): RegExpExecArray | undefined => {
      const found = pattern.exec(this.#output);
      if (found !== null) return found;
      if (this.hasEnded) throw new Error(`ended without ${String(pattern)}: ${this.#output}`);
      return undefined;
    };
    return waitFor(() => `${String(pattern)} in: ${this.#output}`, look, deadlineMs);
  }

  async exited(deadlineMs?: number): Promise<Exit> {
    return waitFor(
      () => `the end of the lab: ${this.#output}`,
      () => this.#exit,
      deadlineMs,
    );
  }

  /** Process ids of the children that run, and of those that have ended and were not waited for. */
  get children(): { running: number[]; zombies: number[] } {
    const children = processes().filter(({ parent }) => parent === this.pid);
    return {
      running: children.filter(({ state }) => state !== "Z").map(({ pid }) => pid),
      zombies: children.filter(({ state }) => state === "Z").map(({ pid }) => pid),
    };
  }

  /** How many of its open descriptors are sockets, standard output and error aside. */
  get socketCount(): number {
    const directory = `/proc/${this.pid}/fd`;
    const links = readdirSync(directory)
      .filter((fd) => Number(fd) > 2)
      .map((fd) => linkOf(join(directory, fd)));
    return links.filter((link) => link.startsWith("socket:")).length;
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /** Ends the lab and whatever it forked; throws when something stays behind. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#killGroup();
    process.off("exit", this.#killGroup);
    await waitFor(
      () => `the end of process group ${this.pid}`,
      () =>
        this.#exit !== undefined &&
        !processes().some(({ group, state }) => group === this.pid && state !== "Z"),
    );
  }

  get ageMs(): number {
    return performance.now() - this.#startMs;
  }

  readonly #killGroup = (): void => {
    try {
      process.kill(-this.pid, "SIGKILL");
    } catch {
      // Nobody of the group is left.
    }
  };
}

/** A lab that listens. */
export async function startServer(name: string, options?: LabOptions): Promise<LabProcess> {
  const lab = new LabProcess(name, options);
  await lab.printed(/Serving HTTP on port \d+/);
  return lab;
}

/** Runs a lab that ends by itself. */
export async function runLab(
  name: string,
  options?: LabOptions,
): Promise<Exit & { output: string }> {
  await using lab = new LabProcess(name, options);
  const exit = await lab.exited(60_000);
  return { ...exit, output: lab.output };
}

/** Whether there is such a process, be it a zombie. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly state: string;
}

function processes(): ProcessEntry[] {
  const names = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return names.flatMap((name) => {
    const stat = statOf(name);
    // The name in parentheses may hold anything, also parentheses.
    const [state, parent, group] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (state === undefined || parent === undefined || group === undefined) return [];
    return [{ pid: Number(name), parent: Number(parent), group: Number(group), state }];
  });
}

/** Empty when the process has gone since the directory was read. */
function statOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch {
    return "";
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}
