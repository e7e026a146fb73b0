// A program that runs to its end, and one that serves until it is told to end: for tests of packages, which start no checkout.

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { waitFor } from "./server.ts";

export interface CommandOptions {
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
}

export interface Ended {
  readonly status: number | null;
  readonly output: string;
}

export function run(command: string, args: readonly string[], options: CommandOptions): Ended {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: "utf8",
    timeout: 300_000,
    ...options,
  });
  return { status, output: error?.message ?? `${stdout}${stderr}` };
}

/** Throws with what the program said unless it ends well. */
export function mustRun(command: string, args: readonly string[], options: CommandOptions): string {
  const { status, output } = run(command, args, options);
  if (status !== 0) throw new Error(`${command} ${args.join(" ")}: ${status}\n${output}`);
  return output;
}

export interface Answer {
  /** As it was asked for. */
  readonly path: string;
  readonly status: number;
  readonly text: string;
}

export interface Served {
  /** What the first path that was asked for answers. */
  readonly text: string;
  readonly answers: readonly Answer[];
  readonly log: string;
  /** Exit status after SIGTERM, or the signal that ended it. */
  readonly end: unknown;
}

/** Starts a server that binds a free port, asks it for `paths` (or URLs, of its admin address say), and ends it. */
export async function serveOnce(
  command: string,
  args: readonly string[],
  options: CommandOptions,
  paths: readonly string[] = ["/"],
): Promise<Served> {
  // A group of its own: npx hands no signal on to what it runs.
  const server = spawn(command, args, {
    ...options,
    stdio: ["ignore", "ignore", "pipe"],
    detached: true,
  });
  const kill = (signal: NodeJS.Signals): void => {
    if (server.pid !== undefined) process.kill(-server.pid, signal);
  };
  let log = "";
  server.stderr.on("data", (chunk: Buffer) => {
    log += chunk.toString();
  });
  // Not "exit": nothing that was started may stay behind.
  const ended = once(server, "close");
  try {
    const url = await waitFor(
      `the banner of ${command} ${args.join(" ")}`,
      () => {
        if (server.exitCode !== null) throw new Error(`it ended with ${server.exitCode}: ${log}`);
        return / serving .* at (http:\S+)/.exec(log)?.[1];
      },
      60_000,
    );
    const answers: Answer[] = [];
    for (const path of paths) {
      const response = await fetch(new URL(path, url), { redirect: "manual" });
      answers.push({ path, status: response.status, text: await response.text() });
    }
    kill("SIGTERM");
    const [status, signal]: unknown[] = await ended;
    return { text: answers[0]?.text ?? "", answers, log, end: status ?? signal };
  } catch (error) {
    // Not of one that has ended: that would hide why.
    if (server.exitCode === null && server.signalCode === null) kill("SIGKILL");
    throw error;
  }
}
